using CsCheck;
using Presence.Actors.Collections;
using Xunit;

namespace Presence.Tests.Collections;

public sealed class DueQueueTests
{
    [Fact]
    public void What_is_due_first_comes_first_however_it_was_moved() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 49], Gen.Long[0, 99]).Array[0, 300].Sample(steps =>
        {
            var items = Enumerable.Range(0, 50).Select(_ => new Item()).ToArray();
            var queue = new DueQueue<Item>();
            var model = new Dictionary<Item, long>();
            foreach (var (what, index, at) in steps)
            {
                var item = items[index];
                if (what == 0)
                {
                    queue.Remove(item);
                    model.Remove(item);
                }
                else
                {
                    queue.Set(item, at);
                    model[item] = at;
                }

                Assert.Equal(model.Count, queue.Count);
            }

            while (queue.TryPeek(out var first, out var at))
            {
                Assert.Equal(model[first], at);
                Assert.Equal(model.Values.Min(), at);
                queue.Remove(first);
                model.Remove(first);
            }

            Assert.Empty(model);
        });

    [Fact]
    public void What_is_removed_is_not_kept()
    {
        var queue = new DueQueue<Item>();
        var removed = Remove(queue);
        GC.Collect();
        Assert.False(removed.TryGetTarget(out _));
        Assert.Equal(1, queue.Count);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference<Item> Remove(DueQueue<Item> queue)
    {
        var item = new Item();
        queue.Set(item, long.MaxValue);
        queue.Set(new Item(), long.MaxValue);
        queue.Remove(item);
        return new(item);
    }

    private sealed class Item : IQueued
    {
        public int Place { get; set; } = -1;
    }
}
