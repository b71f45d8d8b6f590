using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace Presence.Tests.Build;

/// <summary>
/// Runs <c>build.ps1</c> in a PowerShell engine that knows nothing but the language and its core commands, on a machine that
/// need not have PowerShell. <c>dotnet</c> is a function there: it notes its arguments and answers with the exit code asked for.
/// </summary>
internal static class BuildScript
{
    public static string File { get; } = Path.Combine(Repository.Root, "build.ps1");

    public static ScriptBlockAst Parse(out ParseError[] errors) => Parser.ParseFile(File, out _, out errors);

    /// <param name="arguments">The script's parameters by name.</param>
    /// <param name="failing">The dotnet command that fails, as in <c>build</c>; none if null.</param>
    /// <param name="exitCode">What the failing command exits with.</param>
    /// <param name="location">The folder to call the script from.</param>
    public static BuildRun Run(
        Dictionary<string, object?> arguments, string? failing = null, int exitCode = 0, string? location = null)
    {
        var commands = new List<string>();
        var folders = new List<string>();
        var session = InitialSessionState.CreateDefault2();
        session.Variables.Add(
        [
            new SessionStateVariableEntry("notedCommands", commands, null),
            new SessionStateVariableEntry("notedFolders", folders, null),
            new SessionStateVariableEntry("failing", failing, null),
            new SessionStateVariableEntry("failingExitCode", exitCode, null),
        ]);
        session.Commands.Add(new SessionStateFunctionEntry("dotnet", """
            $notedCommands.Add("$args")
            $notedFolders.Add($ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath)
            $global:LASTEXITCODE = if ($args[0] -eq $failing) { $failingExitCode } else { 0 }
            """));

        using var runspace = RunspaceFactory.CreateRunspace(session);
        runspace.Open();
        runspace.SessionStateProxy.Path.SetLocation(location ?? Path.GetTempPath());
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand(File);
        foreach (var (name, value) in arguments)
            shell.AddParameter(name, value);
        shell.Invoke();
        return new BuildRun(
            commands,
            folders,
            runspace.SessionStateProxy.GetVariable("LASTEXITCODE") as int? ?? 0,
            runspace.SessionStateProxy.Path.CurrentFileSystemLocation.ProviderPath);
    }
}

/// <summary>What a run of the script did.</summary>
/// <param name="Commands">The arguments of each call of dotnet, in order, as one line each.</param>
/// <param name="Folders">The folder that each call was made in.</param>
/// <param name="ExitCode">What the script exited with.</param>
/// <param name="LocationAfterwards">Where the caller stands after the run.</param>
internal sealed record BuildRun(
    IReadOnlyList<string> Commands, IReadOnlyList<string> Folders, int ExitCode, string LocationAfterwards);
