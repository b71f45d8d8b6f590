using System.Collections.Immutable;
using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Presence.Bench.Commands;

/// <summary><c>micro</c>: BenchmarkDotNet over the hot path. What follows the word is BenchmarkDotNet's.</summary>
internal static class MicroCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command("micro", "Measures the hot path of this server piece by piece; what follows goes to BenchmarkDotNet, e.g. --filter *Codec* or --list flat.")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction(given =>
        {
            var config = DefaultConfig.Instance
                .AddDiagnoser(MemoryDiagnoser.Default)
                .WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));
            string[] arguments = [.. given.UnmatchedTokens];
            var onlyTells = arguments.Any(a => a is "--list" or "--info" or "--version" || a.StartsWith("--list=", StringComparison.Ordinal));
            // Without a choice BenchmarkDotNet would ask for one.
            if (!onlyTells && !arguments.Any(a => a is "--filter" or "-f" || a.StartsWith("--filter=", StringComparison.Ordinal)))
                arguments = [.. arguments, "--filter", "*"];
            ImmutableArray<Summary> summaries = [.. BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(arguments, config)];
            // It has said what it does not understand, or that nothing has such a name.
            if (summaries.IsEmpty && !onlyTells)
                return (int)ExitCode.Usage;
            return (int)(summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? ExitCode.Clean : ExitCode.Faulty);
        });
        return command;
    }
}
