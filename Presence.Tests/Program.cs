using System.CommandLine;
using Presence.Tests.Clusters.Scenarios;
using Presence.Tests.Fuzzing;

namespace Presence.Tests;

/// <summary>
/// What takes longer than a test may: <c>dotnet run --project Presence.Tests -- cluster --minutes 10</c>. The tests themselves are
/// run by <c>dotnet test</c>, which does not come here.
/// </summary>
internal static class Program
{
    private static Task<int> Main(string[] args) =>
        new RootCommand("Tests of Presence that take long.") { LongRun.Command(), FuzzCommand.Command() }.Parse(args).InvokeAsync();
}
