using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Presence.Tests.Clusters.Kit;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>How the real process joins its cluster, and how it does not (contract K4).</summary>
[Trait("Clause", "K4")]
public sealed class JoinTests
{
    [SkippableFact]
    public async Task A_seed_that_finds_nobody_gives_up_to_be_started_anew()
    {
        var (own, other) = (FreePorts.Next(), FreePorts.Next());
        var since = Stopwatch.GetTimestamp();
        await using var node = NodeProcess.Start([.. Seeds(own, other), $"Cluster:Port={own}", "Cluster:JoinTimeout=00:00:08"]);
        var (code, error) = await node.EndAsync();
        Assert.Equal(75, code);
        Assert.False(node.IsServing, "K4: it served although it was alone");
        Assert.StartsWith("Presence cannot start: this node could not join its cluster within 00:00:08.", Assert.Single(error), StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(40));
    }

    [SkippableFact]
    public async Task A_cluster_serves_once_it_has_the_majority_of_its_seeds()
    {
        var (first, second, third) = (FreePorts.Next(), FreePorts.Next(), FreePorts.Next());
        await using var one = NodeProcess.Start([.. Seeds(first, second, third), $"Cluster:Port={first}"]);
        await one.SaysAsync("Of the members 1 are up and 2 are needed");
        Assert.False(one.IsServing, "K4: it served although it was alone");

        await using var two = NodeProcess.Start([.. Seeds(first, second, third), $"Cluster:Port={second}"]);
        await one.Http;
        await two.Http;
    }

    [SkippableFact]
    [Trait("Clause", "C5")]
    public async Task A_node_that_is_told_to_stop_while_it_joins_stops()
    {
        var (own, other) = (FreePorts.Next(), FreePorts.Next());
        await using var node = NodeProcess.Start([("Logging__LogLevel__Akka", "Information")], [.. Seeds(own, other), $"Cluster:Port={own}"]);
        await node.SaysAsync("Started up successfully");
        node.Terminate();
        var (code, error) = await node.EndAsync();
        Assert.Equal(0, code);
        Assert.Empty(error);
    }

    [SkippableFact]
    public async Task A_node_whose_port_is_taken_says_so_in_one_line_and_may_be_started_again()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var node = NodeProcess.Start($"Cluster:Port={((IPEndPoint)taken.LocalEndpoint).Port}");
        var (code, error) = await node.EndAsync();
        Assert.Equal((75, "Presence cannot start: Presence:Cluster:Port cannot be opened now: Address already in use"), (code, Assert.Single(error)));
    }

    [SkippableFact]
    public async Task A_node_whose_own_name_does_not_resolve_yet_says_so_in_one_line_and_may_be_started_again()
    {
        // RFC 2606: a name that never resolves.
        await using var node = NodeProcess.Start("Cluster:Hostname=node1.invalid", "Cluster:Port=7354");
        var (code, error) = await node.EndAsync();
        Assert.Equal(75, code);
        Assert.StartsWith("Presence cannot start: Presence:Cluster:Hostname does not resolve to an address now: ", Assert.Single(error), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_node_whose_address_is_not_there_yet_says_so_in_one_line_and_may_be_started_again()
    {
        // RFC 5737: an address that no machine has.
        await using var node = NodeProcess.Start("Http:Address=192.0.2.1");
        var (code, error) = await node.EndAsync();
        Assert.Equal(75, code);
        Assert.StartsWith("Presence cannot start: Failed to bind to address ", Assert.Single(error), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Seeds(params int[] ports) => ports.Select((port, i) => $"Cluster:Seeds:{i}=127.0.0.1:{port}");
}
