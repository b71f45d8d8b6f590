using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Options;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Host.Auth;
using Presence.Host.Configuration;

namespace Presence.Host.Node;

/// <summary>
/// Ends the open connections of revoked tokens (protocol difference 0.11), and has every revocation announced to the other nodes;
/// that of another node is no news to the announcer.
/// </summary>
internal sealed class RevocationBridge(
    Revocations revocations,
    IRequiredActor<SessionRegistry> sessions,
    IRequiredActor<Announcer> announcer,
    IOptions<PresenceOptions> options) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked += Tell;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked -= Tell;
        return Task.CompletedTask;
    }

    private void Tell(Revocation revocation)
    {
        var message = revocation.ToMessage();
        if (options.Value.Session.CloseOnRevocation)
            sessions.ActorRef.Tell(new SessionRegistry.Revoke(message.User, message.TokenId, message.IssuedUpTo));
        announcer.ActorRef.Tell(new Announcer.Revoke(message));
    }
}
