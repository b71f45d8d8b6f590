using System.Runtime.InteropServices;

namespace Presence.Host.Node;

/// <summary>SIGTERM and SIGINT: the first begins a stop, every further one hastens it (contract C5).</summary>
internal sealed class StopSignals(NodeStop stop, IHostApplicationLifetime lifetime) : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _came;

    /// <summary>Whether there has been one.</summary>
    public bool HaveCome => Volatile.Read(ref _came) > 0;

    /// <summary>Takes them from now on: before anything starts, since a node that joins can be told to stop as well.</summary>
    public void Take()
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT])
            _registrations.Add(PosixSignalRegistration.Create(signal, Take));
    }

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void Take(PosixSignalContext signal)
    {
        // The process ends when the stop has been carried out, not by the signal.
        signal.Cancel = true;
        if (Interlocked.Increment(ref _came) == 1)
            lifetime.StopApplication();
        else
            stop.Hasten();
    }
}
