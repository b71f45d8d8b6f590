using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Xunit;

namespace Presence.Tests.Host.Links.Admission;

/// <summary>What the limit of open files leaves for clients.</summary>
[Trait("Clause", "L4")]
public sealed class FileLimitTests
{
    // What a node has open when it opens its ports.
    private const int Idle = 310;

    [Theory]
    [InlineData(400)]
    [InlineData(450)]
    [InlineData(1024)]
    [InlineData(20_000)]
    [InlineData(1_048_576)]
    public void Sockets_of_all_kinds_and_what_the_node_has_open_never_come_near_the_limit(int limit)
    {
        var room = FileLimit.Room(limit, Idle);
        var bounds = PlaceBounds.Of(new LimitSettings(), room);
        var most = Idle + bounds.Sockets + bounds.Displaced + FileLimit.MostRefused;
        Assert.InRange(room, 8, limit);
        Assert.InRange(limit - most, 40, limit);
        // The second line of defence does not come before the first.
        Assert.False(FileLimit.IsScarce(limit, most));
        Assert.True(FileLimit.IsScarce(limit, limit - 24));
    }

    [Fact]
    public void A_limit_that_is_too_low_leaves_one()
    {
        Assert.Equal(1, FileLimit.Room(300, Idle));
        Assert.Equal(1, FileLimit.Pairs(300, Idle));
    }

    [Fact]
    public void Without_a_limit_nothing_is_scarce()
    {
        Assert.False(FileLimit.IsScarce(null, int.MaxValue));
        Assert.Equal(int.MaxValue, FileLimit.Pairs(null, Idle));
    }

    [SkippableFact]
    public void The_limit_and_what_is_open_can_be_read()
    {
        Skip.If(OperatingSystem.IsWindows(), "has no such limit");
        var before = FileLimit.Open;
        Assert.InRange(before, 10, 1_000_000);
        Assert.True(FileLimit.Current is null or > 100);
        var files = Enumerable.Range(0, 200).Select(_ => File.OpenHandle("/dev/null")).ToArray();
        // Other tests close files meanwhile.
        Assert.InRange(FileLimit.Open, before + 50, 1_000_000);
        foreach (var file in files)
            file.Dispose();
    }

    [Fact]
    public void A_start_that_fails_for_it_is_one_line()
    {
        var (line, code) = StartFault.Explain(new FileLimitException(300))!.Value;
        Assert.Equal("Presence cannot start: the limit of open files is 300; a node needs at least 400 (ulimit -n, or LimitNOFILE of systemd).", line);
        Assert.Equal(StartFault.ExitCode, code);
    }
}
