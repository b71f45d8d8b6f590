using Presence.Cli.Commands;
using Presence.Client;

namespace Presence.Cli.Connecting;

/// <summary>Connects, and tells people why that failed.</summary>
internal static class Connector
{
    /// <summary>Connects.</summary>
    /// <param name="access">Where and with which token.</param>
    /// <param name="reconnect">What happens when the connection breaks.</param>
    /// <param name="clock">The clock of all waits.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="FailureException">There is no connection.</exception>
    public static async Task<PresenceClient> ConnectAsync(Access access, ReconnectPolicy reconnect, TimeProvider clock, CancellationToken cancel)
    {
        try
        {
            return await PresenceClient.ConnectAsync(
                new PresenceClientOptions { Server = access.Server.Link, TokenProvider = access.Token, Reconnect = reconnect, TimeProvider = clock }, cancel).ConfigureAwait(false);
        }
        catch (PresenceConnectionException e)
        {
            throw Explain(e);
        }
    }

    /// <summary>What an exception of the client means to whoever runs the tool.</summary>
    public static FailureException Explain(PresenceException fault)
    {
        if (fault.InnerException is FailureException known)
            return known;
        if (fault is not PresenceConnectionException end)
            return FailureException.Refused($"The server refuses: {fault.Message}");
        return end.Reason switch
        {
            DisconnectReason.TokenRefused or DisconnectReason.TokenExpired or DisconnectReason.TokenRevoked =>
                FailureException.Refused($"The server does not take the token: {end.Message}", $"`presence login` gets another; if {Variables.Token} is set, that is the token in question."),
            DisconnectReason.Unavailable =>
                FailureException.Refused(end.Message, $"Does the server run there? --server or {Variables.Server} sets its address."),
            DisconnectReason.Replaced =>
                FailureException.Refused("A newer connection of yours has taken the place of this one: the server lets a user have one only."),
            _ => FailureException.Refused($"The connection has ended: {end.Message}"),
        };
    }

    /// <summary>Why the login is over, if that is why there is no token; to try again is no use then. Whatever else is in the way of one may pass.</summary>
    public static FailureException? OfLogin(PresenceException? fault) => fault?.InnerException is FailureException { IsLoginOver: true } over ? over : null;
}
