using System.Globalization;
using CsCheck;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Programs;

/// <summary>
/// Random programs of connect, set, erase, follow, unfollow and disconnect over several users and devices, most of it at once.
/// </summary>
/// <remarks>
/// A failure prints the seed of its program, shrunk: <c>CsCheck_Seed=… dotnet test --filter RandomProgramTests</c> runs it again.
/// <c>PRESENCE_PROGRAMS=10000</c> runs as many.
/// </remarks>
public sealed class RandomProgramTests(NodeFixture node) : IClassFixture<NodeFixture>
{
    private static readonly int Count =
        int.Parse(Environment.GetEnvironmentVariable("PRESENCE_PROGRAMS") ?? "300", CultureInfo.InvariantCulture);

    [Fact]
    [Trait("Clause", "S3")]
    [Trait("Clause", "S7")]
    [Trait("Clause", "F2")]
    [Trait("Clause", "F4")]
    [Trait("Clause", "F7")]
    [Trait("Clause", "F9")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "E5")]
    [Trait("Clause", "E6")]
    [Trait("Clause", "L1")]
    public Task Whatever_clients_do_each_is_told_the_truth_as_an_unbroken_chain() => Step.Programs.SampleAsync(
        program => World.RunAsync(node, program), iter: Count, threads: 2, print: program => string.Join("\n", program.AsEnumerable()));
}
