using System.Globalization;

namespace Presence.Actors.Connections;

/// <summary>
/// The rules of a session refresh (contract C4): a connection may go on by another valid token of the user, with the same username. The
/// connection stays in any case.
/// </summary>
public static class RefreshRules
{
    /// <summary>What is answered to a token of another user.</summary>
    public const string OtherUser = "The token is of another user.";

    /// <summary>
    /// What is answered to a token with another username: followers know the connection by its name, so the client must connect again.
    /// </summary>
    public const string OtherUsername = "The token has another username; connect again to use it.";

    /// <summary>What is answered when the node has failed to take the token.</summary>
    public const string Unavailable = "The token could not be taken; try again later.";

    /// <summary>What is answered to a refresh that comes too early after the one before.</summary>
    /// <param name="interval">The shortest time between two.</param>
    public static string TooOften(TimeSpan interval) =>
        string.Create(CultureInfo.InvariantCulture, $"A session may be refreshed every {interval.TotalSeconds} s.");

    /// <summary>The error that a refresh is answered with; null if the connection goes on by the token.</summary>
    /// <param name="current">Who the connection is of.</param>
    /// <param name="check">What came of checking the token.</param>
    /// <param name="cid">The client's name for the request.</param>
    public static ServerMessage.Failed? RefusalOf(Identity current, TokenCheck check, string? cid)
    {
        ArgumentNullException.ThrowIfNull(current);
        return check switch
        {
            TokenCheck.Refused refused => new ServerMessage.Failed(cid, refused.Code, refused.Text),
            TokenCheck.Valid { Identity: var identity } when identity.User != current.User => new ServerMessage.Failed(cid, ErrorCode.BadInput, OtherUser),
            TokenCheck.Valid { Identity: var identity } when identity.Username != current.Username =>
                new ServerMessage.Failed(cid, ErrorCode.BadInput, OtherUsername),
            _ => null,
        };
    }
}
