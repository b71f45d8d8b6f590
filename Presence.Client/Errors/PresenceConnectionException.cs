namespace Presence.Client;

/// <summary>There is no connection: it could not be made, broke, or was closed.</summary>
public sealed class PresenceConnectionException : PresenceException
{
    internal PresenceConnectionException(DisconnectReason reason, string message, Exception? inner = null, int? closeCode = null)
        : base(message, inner)
    {
        Reason = reason;
        CloseCode = closeCode;
    }

    /// <summary>Why.</summary>
    public DisconnectReason Reason { get; }

    /// <summary>The close code of the WebSocket, if the server sent one.</summary>
    public int? CloseCode { get; }

    /// <summary>How long the server asks the client to wait before the next attempt; null if it does not say.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}
