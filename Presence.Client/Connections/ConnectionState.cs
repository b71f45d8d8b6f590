namespace Presence.Client;

/// <summary>
/// The state of a client's connection at one instant. Of each attempt that fails two are told: first that the client waits for the next
/// one, and how long; then that it is under way, with the same reason, since there is still no connection.
/// </summary>
public sealed class ConnectionState
{
    internal ConnectionState(ConnectionPhase phase, PresenceConnectionException? error = null, TimeSpan? retryIn = null)
    {
        Phase = phase;
        Error = error;
        RetryIn = retryIn;
    }

    /// <summary>Where the client is in its life.</summary>
    public ConnectionPhase Phase { get; }

    /// <summary>Why there is no connection; null while there is one, and before the first attempt has failed.</summary>
    public DisconnectReason? Reason => Error?.Reason;

    /// <summary>What happened, in detail; null while there is a connection, and before the first attempt has failed.</summary>
    public PresenceConnectionException? Error { get; }

    /// <summary>How long the client waits before its next attempt, from when this state began; null while it does not wait.</summary>
    public TimeSpan? RetryIn { get; }

    /// <summary>Whether the phase is <see cref="ConnectionPhase.Connected"/>.</summary>
    public bool IsConnected => Phase == ConnectionPhase.Connected;

    /// <summary>Ends when there is a later state.</summary>
    internal TaskCompletionSource<bool> Passed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The phase, and the reason if there is one.</summary>
    public override string ToString() => Error is { } error ? $"{Phase} ({error.Reason}: {error.Message})" : $"{Phase}";
}
