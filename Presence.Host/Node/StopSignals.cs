using System.Runtime.InteropServices;

namespace Presence.Host.Node;

/// <summary>SIGTERM and SIGINT: the first begins a stop, every further one hastens it (contract C5).</summary>
internal sealed class StopSignals(NodeStop stop, IHostApplicationLifetime lifetime) : IHostedLifecycleService, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _came;

    /// <summary>Whether there has been one.</summary>
    public bool HaveCome => Volatile.Read(ref _came) > 0;

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT])
            _registrations.Add(PosixSignalRegistration.Create(signal, Take));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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
