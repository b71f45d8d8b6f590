using Presence.Client.Links;
using Presence.Client.Wire;

namespace Presence.Client.Connections;

/// <summary>Tells from how a link ended, and from what was said before, why it did (protocol sections A7 and E4).</summary>
internal static class Diagnosis
{
    /// <summary>The code of the notification before a connection is replaced, Nakama's as well.</summary>
    private const int ReplacedNotice = -7;

    /// <summary>The code of the notification some time before the token of a connection expires; of Presence servers alone.</summary>
    public const int ExpiringNotice = -4001;

    /// <summary>The code of Nakama's notification before the connections of a banned user are closed.</summary>
    private const int BannedNotice = -8;

    public static PresenceConnectionException Of(LinkEnd end, ServerMessage.Notice? notice, ServerMessage.Failed? failure)
    {
        if (end.Fault is PresenceConnectionException known)
            return known;
        // A TCP link has no close codes; its last error says the same in words.
        var text = string.IsNullOrEmpty(end.Text) ? failure?.Message : end.Text;
        var words = end.CloseCode is { } code ? $"The server ended the link with close code {code}." : "The link ended.";
        var reason = end.Fault is FormatException ? DisconnectReason.ProtocolViolation : ReasonOf(end, notice, failure);
        return new PresenceConnectionException(reason, text is { Length: > 0 } ? text : end.Fault?.Message ?? words, end.Fault, end.CloseCode);
    }

    private static DisconnectReason ReasonOf(LinkEnd end, ServerMessage.Notice? notice, ServerMessage.Failed? failure) => end.CloseCode switch
    {
        1001 or 1012 or 1013 => DisconnectReason.ServerRestart,
        1002 or 1003 or 1007 or 1009 => DisconnectReason.ProtocolViolation,
        1011 => DisconnectReason.ServerError,
        4001 => DisconnectReason.TokenExpired,
        4002 => DisconnectReason.TokenRevoked,
        4003 => DisconnectReason.Replaced,
        _ when notice?.Code == ReplacedNotice => DisconnectReason.Replaced,
        _ when notice?.Code == BannedNotice => DisconnectReason.Banned,
        null => failure switch
        {
            null => DisconnectReason.Lost,
            { Message: "service restart" } => DisconnectReason.ServerRestart,
            { Message: "internal error" } => DisconnectReason.ServerError,
            { Message: "token expired" } => DisconnectReason.TokenExpired,
            { Message: "token revoked" } => DisconnectReason.TokenRevoked,
            { Message: "replaced by a newer connection" } => DisconnectReason.Replaced,
            { Code: PresenceRequestException.BadInput } => DisconnectReason.ProtocolViolation,
            _ => DisconnectReason.Lost,
        },
        _ => DisconnectReason.Lost,
    };
}
