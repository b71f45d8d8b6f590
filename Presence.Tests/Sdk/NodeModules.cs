using System.ComponentModel;
using System.Diagnostics;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>
/// Node.js and the packages that the tests of the JavaScript SDK need, which are installed once, as <c>npm ci</c> does. Skips a test, with
/// what its reader has to install, where Node.js or npm is missing.
/// </summary>
internal static class NodeModules
{
    private const int LeastNode = 18;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>The folder of the tests' package.json.</summary>
    public static readonly string Folder = Path.Combine(Repository.Root, "Presence.Tests", "Sdk", "js");

    private static readonly Lazy<Task<string?>> Reason = new(PrepareAsync);

    /// <summary>The folder of the packages, once they are there.</summary>
    public static async Task<string> InstalledAsync()
    {
        Skip.If(await Reason.Value is { } reason, await Reason.Value);
        return Path.Combine(Folder, "node_modules");
    }

    /// <summary>Why the tests cannot run; null if they can.</summary>
    private static async Task<string?> PrepareAsync()
    {
        if (await TryRunAsync("node", "--version") is not (0, var version))
            return $"Node.js is not installed: get version {LeastNode} or later from https://nodejs.org, or with apt-get install nodejs npm";
        if (!Version.TryParse(version.Trim().TrimStart('v'), out var number) || number.Major < LeastNode)
            return $"Node.js {LeastNode} or later is needed, not {version.Trim()}: https://nodejs.org";

        // Two runs of the tests at one time must not install over each other.
        await using var gate = await GateAsync();
        if (File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json")))
            return null;
        return await TryRunAsync("npm", "ci", "--no-audit", "--no-fund") switch
        {
            null => "npm is not installed: apt-get install npm",
            (0, _) => null,
            var (_, said) => $"npm ci in {Path.GetRelativePath(Repository.Root, Folder)} failed; is there a network? It said: {said.ReplaceLineEndings(" ")}",
        };
    }

    private static async Task<FileStream> GateAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(Path.GetTempPath(), "presence-npm-ci.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(100, patience.Token);
            }
        }
    }

    /// <summary>The exit code and what was said; null if there is no such program.</summary>
    private static async Task<(int Code, string Said)?> TryRunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            using var patience = new CancellationTokenSource(Patience);
            await using var cut = patience.Token.Register(() => process.Kill(entireProcessTree: true));
            await process.WaitForExitAsync(CancellationToken.None);
            return (process.ExitCode, await output + await error);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
