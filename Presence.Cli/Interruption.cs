using System.Runtime.InteropServices;

namespace Presence.Cli;

/// <summary>The first signal to end lets a command end by itself, the second ends the process.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private volatile int _code = (int)ExitCode.Interrupted;

    public Interruption()
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
            _registrations.Add(PosixSignalRegistration.Create(signal, End));
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>How a command ends that a signal has ended.</summary>
    public ExitCode Code => (ExitCode)_code;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    /// <summary>A signal has come, on a thread of its own, and perhaps after <see cref="Dispose"/>, which does not wait for those.</summary>
    internal void End(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested)
            return;
        context.Cancel = true;
        _code = (int)(context.Signal is PosixSignal.SIGINT or PosixSignal.SIGQUIT ? ExitCode.Interrupted : ExitCode.Terminated);
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A signal that comes as the command ends by itself has nothing left to end.
        }
    }
}
