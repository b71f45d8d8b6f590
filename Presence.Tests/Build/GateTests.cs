using System.Diagnostics;
using Xunit;

namespace Presence.Tests.Build;

/// <summary>
/// Runs <c>.ci/run</c> in a copy of its own among stand-ins for the tools that it calls: they note what they were called with,
/// and the stand-in for dotnet writes the results of a test run that never was.
/// </summary>
public sealed class GateTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("presence-gate-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [SkippableFact]
    public async Task A_run_without_a_flaw_passes_and_ends_with_the_count()
    {
        var (exitCode, lines) = await RunAsync("total='12' executed='12' passed='12' failed='0'");
        Assert.Equal("12 passed, 0 failed, 0 skipped", lines[^1]);
        Assert.Equal(0, exitCode);
    }

    [SkippableFact]
    public async Task It_restores_what_is_locked_checks_the_format_and_runs_the_command_of_the_readme()
    {
        await RunAsync("total='1' executed='1' passed='1'", readme: "Text\n\n```sh\n$ dotnet test Presence.sln --filter X\ndotnet test\n```\n");
        Assert.Equal(
            [
                "npm ci --prefix Presence.Tests/Sdk/js --no-audit --no-fund",
                "dotnet restore Presence.sln --locked-mode",
                "dotnet build Presence.sln --no-restore -warnaserror",
                "dotnet format Presence.sln --verify-no-changes --no-restore",
                "dotnet test Presence.sln --filter X",
            ],
            await File.ReadAllLinesAsync(Path.Combine(_root, "calls")));
    }

    [SkippableFact]
    public void It_can_be_called_by_its_name()
    {
        Skip.If(OperatingSystem.IsWindows(), "The gate is a bash script for Linux machines.");
        if (!OperatingSystem.IsWindows())
            Assert.True(File.GetUnixFileMode(Path.Combine(Repository.Root, ".ci", "run")).HasFlag(UnixFileMode.UserExecute));
    }

    [SkippableTheory]
    [InlineData("total='12' executed='12' passed='11'", 1, "11 passed, 1 failed, 0 skipped")]
    [InlineData("total='12' executed='10' passed='10'", 0, "10 passed, 0 failed, 2 skipped")]
    [InlineData("total='0' executed='0' passed='0'", 0, "0 passed, 0 failed, 0 skipped")]
    [InlineData("total='12' executed='12' passed='12'", 134, "12 passed, 0 failed, 0 skipped")]
    public async Task A_failed_or_skipped_test_or_none_or_a_crash_fails_the_gate(string counters, int testExitCode, string last)
    {
        var (exitCode, lines) = await RunAsync(counters, testExitCode);
        Assert.Equal(last, lines[^1]);
        Assert.NotEqual(0, exitCode);
    }

    [SkippableFact]
    public async Task Results_of_an_earlier_run_do_not_count()
    {
        var results = Directory.CreateDirectory(Path.Combine(_root, "artifacts", "test-results"));
        await File.WriteAllTextAsync(
            Path.Combine(results.FullName, "old.trx"), "<Counters total=\"5\" executed=\"5\" passed=\"5\" />");
        var (_, lines) = await RunAsync("total='2' executed='2' passed='2'");
        Assert.Equal("2 passed, 0 failed, 0 skipped", lines[^1]);
    }

    [SkippableFact]
    public async Task A_failing_step_ends_the_run_with_its_exit_code()
    {
        var (exitCode, _) = await RunAsync("total='1' executed='1' passed='1'", failing: "format", failingExitCode: 2);
        Assert.Equal(2, exitCode);
        Assert.DoesNotContain("dotnet test", await File.ReadAllLinesAsync(Path.Combine(_root, "calls")));
    }

    [SkippableFact]
    public async Task A_readme_that_gives_no_test_command_fails_the_gate()
    {
        var (exitCode, _) = await RunAsync("total='1' executed='1' passed='1'", readme: "Run dotnet test.\n");
        Assert.NotEqual(0, exitCode);
        Assert.DoesNotContain("dotnet test", await File.ReadAllLinesAsync(Path.Combine(_root, "calls")));
    }

    private async Task<(int ExitCode, string[] Lines)> RunAsync(
        string counters,
        int testExitCode = 0,
        string readme = "```\ndotnet test\n```\n",
        string failing = "test",
        int? failingExitCode = null)
    {
        Skip.If(OperatingSystem.IsWindows(), "The gate is a bash script for Linux machines.");

        Directory.CreateDirectory(Path.Combine(_root, ".ci"));
        File.Copy(Path.Combine(Repository.Root, ".ci", "run"), Path.Combine(_root, ".ci", "run"));
        await File.WriteAllTextAsync(Path.Combine(_root, "README.md"), readme);
        await StandInAsync("npm", "");
        await StandInAsync("node", "");
        await StandInAsync("chromium", "");
        await StandInAsync("nc", "");
        await StandInAsync("curl", "");
        await StandInAsync("dotnet", $"""
            if [ "$1" = test ]; then
                mkdir -p "$VSTestResultsDirectory"
                echo "<TestRun><Counters {counters} /></TestRun>" | tr "'" '"' >"$VSTestResultsDirectory/run.$VSTestLogger"
            fi
            if [ "$1" = {failing} ]; then exit {failingExitCode ?? testExitCode}; fi
            """);

        var start = new ProcessStartInfo("bash", [Path.Combine(_root, ".ci", "run")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["PATH"] = Path.Combine(_root, "bin") + Path.PathSeparator + Environment.GetEnvironmentVariable("PATH");
        using var gate = Process.Start(start)!;
        var errors = gate.StandardError.ReadToEndAsync();
        var output = await gate.StandardOutput.ReadToEndAsync();
        await errors;
        await gate.WaitForExitAsync();
        return (gate.ExitCode, output.TrimEnd().Split('\n'));
    }

    private async Task StandInAsync(string name, string body)
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_root, "bin")).FullName, name);
        // Version questions are not steps.
        await File.WriteAllTextAsync(file, $"""
            #!/bin/sh
            case "$1" in --version|-e) exit 0 ;; esac
            echo "{name} $*" >>"{_root}/calls"
            {body}
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
