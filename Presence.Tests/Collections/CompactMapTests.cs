using CsCheck;
using Presence.Actors.Collections;
using Xunit;

namespace Presence.Tests.Collections;

public sealed class CompactMapTests
{
    private const int Keys = CompactMap<int, string>.Small * 2;

    [Fact]
    public void It_is_a_map_at_every_size() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, Keys - 1], Gen.Int[0, Keys]).Array[0, 400].Sample(steps =>
        {
            var map = new CompactMap<int, string>();
            var model = new Dictionary<int, string>();
            foreach (var (what, key, number) in steps)
            {
                var value = $"{number}";
                switch (what)
                {
                    case 0:
                        Assert.Equal(model.Remove(key), map.Remove(key));
                        break;
                    case 1:
                        map[key] = model[key] = value;
                        break;
                    case 2 when number < Keys / 2:
                        map.EnsureCapacity(number * 2);
                        break;
                    default:
                        Assert.Equal(model.TryAdd(key, value), map.TryAdd(key, value));
                        break;
                }

                Assert.Equal(model.Count, map.Count);
            }

            var pairs = new Dictionary<int, string>();
            foreach (var (key, value) in map)
                pairs.Add(key, value);
            Assert.Equal(model.OrderBy(p => p.Key), pairs.OrderBy(p => p.Key));

            for (var key = 0; key < Keys; key++)
            {
                Assert.Equal(model.ContainsKey(key), map.ContainsKey(key));
                Assert.Equal(model.TryGetValue(key, out var expected), map.TryGetValue(key, out var actual));
                Assert.Equal(expected, actual);
                if (expected is null)
                    Assert.Throws<KeyNotFoundException>(() => map[key]);
            }
        });
}
