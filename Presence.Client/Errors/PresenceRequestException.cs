namespace Presence.Client;

/// <summary>The server refused a request, and nothing of it is in force. The connection goes on.</summary>
public sealed class PresenceRequestException : PresenceException
{
    /// <summary>The <see cref="Code"/> of a request that is not valid: a status that is too long, too many follows, a bad name.</summary>
    public const int BadInput = 3;

    internal PresenceRequestException(int code, string message)
        : base(message)
    {
        Code = code;
    }

    /// <summary>The server's error code; <see cref="BadInput"/> is the usual one.</summary>
    public int Code { get; }
}
