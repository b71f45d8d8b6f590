using System.Globalization;
using Presence.Host.Configuration;
using Presence.Host.Node;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Deploy;

/// <summary>That the unit of systemd fits the server's times and exit codes (contract C5).</summary>
[Trait("Clause", "C5")]
public sealed class SystemdUnitTests
{
    private static readonly ILookup<string, string> Unit = File
        .ReadLines(Path.Combine(Repository.Root, "deploy", "systemd", "presence.service"))
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
        .Select(line => line.Split('=', 2))
        .ToLookup(pair => pair[0], pair => pair[1]);

    [Fact]
    public void It_waits_for_a_node_that_joins_and_for_one_that_drains()
    {
        var options = new PresenceOptions();

        Assert.Equal("notify", One("Type"));
        Assert.InRange(Seconds("TimeoutStartSec"), options.Cluster.JoinTimeout + TimeSpan.FromSeconds(10), TimeSpan.MaxValue);
        Assert.InRange(Seconds("TimeoutStopSec"), options.Stop.Whole, TimeSpan.MaxValue);
    }

    [Fact]
    public void It_starts_a_node_again_that_another_try_may_help()
    {
        Assert.Equal("on-failure", One("Restart"));
        Assert.Equal(StartFault.ExitCode, int.Parse(One("RestartPreventExitStatus"), CultureInfo.InvariantCulture));
        Assert.NotEqual(0, NodeRemoval.ExitCode);
        Assert.NotEqual(StartFault.ExitCode, NodeRemoval.ExitCode);
    }

    [Fact]
    [Trait("Clause", "A5")]
    public void A_crash_leaves_no_memory_on_the_disk() => Assert.Equal("0", One("LimitCORE"));

    /// <summary>The commands at the head of the unit are run in their order on a machine that has nothing of it yet.</summary>
    [Fact]
    public void Its_recipe_makes_the_folder_of_the_file_that_it_reads()
    {
        var recipe = File.ReadLines(Path.Combine(Repository.Root, "deploy", "systemd", "presence.service"))
            .TakeWhile(line => line.StartsWith('#')).ToList();
        var file = One("EnvironmentFile");

        var made = recipe.FindIndex(line => line.Contains("install -d ", StringComparison.Ordinal) && line.EndsWith(Path.GetDirectoryName(file)!, StringComparison.Ordinal));
        var written = recipe.FindIndex(line => line.Contains($" {file}", StringComparison.Ordinal));
        Assert.InRange(made, 0, written - 1);
    }

    private static string One(string key) => Assert.Single(Unit[key]);

    private static TimeSpan Seconds(string key) => TimeSpan.FromSeconds(int.Parse(One(key), CultureInfo.InvariantCulture));
}
