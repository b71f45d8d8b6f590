using System.Globalization;
using CsCheck;
using Presence.Tests.Client.Cuts;
using Presence.Tests.Programs;
using Xunit;

namespace Presence.Tests.Client.Programs;

/// <summary>The random programs of <see cref="RandomProgramTests"/> with clients of the library, over real links to the whole server.</summary>
/// <remarks>
/// A failure prints the seed of its program, shrunk: <c>CsCheck_Seed=… dotnet test --filter ClientProgramTests</c> runs it again.
/// <c>PRESENCE_CLIENT_PROGRAMS=1000</c> runs as many over each kind of link.
/// </remarks>
public sealed class ClientProgramTests(CutServer server) : IClassFixture<CutServer>
{
    private static readonly int Count =
        int.Parse(Environment.GetEnvironmentVariable("PRESENCE_CLIENT_PROGRAMS") ?? "150", CultureInfo.InvariantCulture);

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "S3")]
    [Trait("Clause", "F2")]
    [Trait("Clause", "F4")]
    [Trait("Clause", "F7")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "E5")]
    [Trait("Clause", "L1")]
    public Task Whatever_clients_do_each_is_told_the_truth_as_an_unbroken_chain(ClientKind kind) => Step.Programs.SampleAsync(
        program => ClientWorld.RunAsync(server, kind, program), iter: Count, threads: 2, print: program => string.Join("\n", program.AsEnumerable()));
}
