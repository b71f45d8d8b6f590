using CsCheck;
using Presence.Actors.Collections;
using Xunit;

namespace Presence.Tests.Collections;

public sealed class CompactSetTests
{
    private static readonly object[] Items = [.. Enumerable.Range(0, CompactSet<object>.Small * 2).Select(_ => new object())];

    [Fact]
    public void It_is_a_set_at_every_size() =>
        Gen.Select(Gen.Bool, Gen.Int[0, Items.Length - 1]).Array[0, 300].Sample(steps =>
        {
            CompactSet<object> set = default;
            var model = new HashSet<object>();
            foreach (var (adds, index) in steps)
            {
                var item = Items[index];
                Assert.Equal(adds ? model.Add(item) : model.Remove(item), adds ? set.Add(item) : set.Remove(item));
                Assert.Equal(model.Count, set.Count);
            }

            Assert.All(Items, item => Assert.Equal(model.Contains(item), set.Contains(item)));
            Assert.Equal(model.Count, set.ToArray().Length);
            Assert.True(model.SetEquals(set.ToArray()));
        });

    [Fact]
    public void Room_for_more_changes_nothing_that_is_in_it() =>
        Gen.Select(Gen.Int[0, Items.Length - 1], Gen.Int[0, Items.Length * 2]).Sample((count, capacity) =>
        {
            CompactSet<object> set = default;
            foreach (var item in Items[..count])
                set.Add(item);
            set.EnsureCapacity(capacity);
            Assert.Equal(count, set.Count);
            Assert.True(Items[..count].ToHashSet().SetEquals(set.ToArray()));
            Assert.True(set.Add(Items[count]));
            Assert.False(set.Add(Items[count]));
            foreach (var item in Items[..(count + 1)])
                Assert.True(set.Remove(item));
            Assert.Empty(set.ToArray());
        });

    [Fact]
    public void It_grows_beyond_an_array_and_back()
    {
        CompactSet<object> set = default;
        foreach (var item in Items)
            Assert.True(set.Add(item));
        Assert.True(Items.ToHashSet().SetEquals(set.ToArray()));
        for (var i = 0; i < Items.Length; i++)
        {
            Assert.True(set.Remove(Items[i]));
            Assert.True(Items.Skip(i + 1).ToHashSet().SetEquals(set.ToArray()));
        }
    }
}
