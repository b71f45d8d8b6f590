using System.Diagnostics;
using System.Globalization;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// Sees to it that a process does not outlive this one, however this one ends: a shell that waits for the end of a pipe which
/// only this process holds open, and then kills.
/// </summary>
internal sealed class Guardian : IDisposable
{
    private readonly Process _shell;

    public Guardian(int process)
    {
        _shell = Process.Start(new ProcessStartInfo("/bin/sh")
        {
            ArgumentList = { "-c", "read -r _; kill -9 \"$0\"", process.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardInput = true,
        })!;
    }

    /// <summary>Lets the process be. To be called once it has ended: its number may be another's soon.</summary>
    public void Dispose()
    {
        _shell.Kill();
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
