using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
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
            // Without a choice BenchmarkDotNet would ask for one.
            if (!arguments.Any(a => a is "--filter" or "-f" or "--list" or "--help" or "--info" or "--version"))
                arguments = [.. arguments, "--filter", "*"];
            var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(arguments, config);
            return (int)(summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? ExitCode.Clean : ExitCode.Faulty);
        });
        return command;
    }
}
