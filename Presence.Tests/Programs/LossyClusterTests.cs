using System.Globalization;
using CsCheck;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Programs;

/// <summary>
/// The random programs on three nodes between which messages are lost. <c>PRESENCE_LOSSY_PROGRAMS=2000</c> runs as many.
/// </summary>
public sealed class LossyClusterTests(LossyClusterFixture cluster) : IClassFixture<LossyClusterFixture>
{
    private static readonly int Count =
        int.Parse(Environment.GetEnvironmentVariable("PRESENCE_LOSSY_PROGRAMS") ?? "40", CultureInfo.InvariantCulture);

    [Fact]
    [Trait("Clause", "K1")]
    [Trait("Clause", "K2")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "E5")]
    [Trait("Clause", "E6")]
    [Trait("Clause", "F2")]
    [Trait("Clause", "F6")]
    [Trait("Clause", "F8")]
    public async Task Whatever_is_lost_between_nodes_each_client_is_told_the_truth_as_an_unbroken_chain()
    {
        var before = LossyMailbox.Lost;
        await Step.Programs.SampleAsync(
            program => World.RunAsync(cluster, program), iter: Count, threads: 8, print: program => string.Join("\n", program.AsEnumerable()));
        Assert.True(LossyMailbox.Lost > before, "Nothing was lost, so nothing was tested.");
    }
}
