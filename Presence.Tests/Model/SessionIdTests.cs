using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Model;

[Trait("Clause", "C3")]
public sealed class SessionIdTests
{
    [Fact]
    public void Each_is_newer_than_all_that_were_made_before_it()
    {
        var ids = Enumerable.Range(0, 10_000).Select(_ => SessionId.New()).ToArray();
        Assert.All(ids.Zip(ids.Skip(1)), pair => Assert.True(pair.Second.IsNewerThan(pair.First) && !pair.First.IsNewerThan(pair.Second)));
    }

    [Fact]
    public void None_is_made_twice_by_whatever_threads()
    {
        var ids = ParallelEnumerable.Range(0, 100_000).Select(_ => SessionId.New()).ToHashSet();
        Assert.Equal(100_000, ids.Count);
    }

    [Fact]
    public void It_is_a_UUID_of_version_7_of_this_moment_in_the_order_of_its_text()
    {
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var (id, next) = (SessionId.New(), SessionId.New());
        Assert.Equal((7, 8), (id.Value.Version, id.Value.Variant & 0xc));
        var at = Convert.ToInt64(id.ToString().Replace("-", "", StringComparison.Ordinal)[..12], 16);
        // Ids that are made faster than the clock tells run ahead of it.
        Assert.InRange(at, before, before + 60_000);
        Assert.True(string.CompareOrdinal(id.ToString(), next.ToString()) < 0);
    }
}
