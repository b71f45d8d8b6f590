using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Host.Auth;
using Presence.Host.Configuration;

namespace Presence.Host.Node;

/// <summary>Ends the open connections of revoked tokens (protocol difference 0.11).</summary>
internal sealed class RevocationBridge(
    Revocations revocations, IRequiredActor<SessionRegistry> sessions, IOptions<PresenceOptions> options) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Session.CloseOnRevocation)
            revocations.Revoked += Tell;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        revocations.Revoked -= Tell;
        return Task.CompletedTask;
    }

    private void Tell(Revocation revocation) => sessions.ActorRef.Tell(revocation switch
    {
        Revocation.OfLogin login => new SessionRegistry.Revoke(login.User, login.TokenId, DateTimeOffset.MinValue),
        Revocation.OfUser user => new SessionRegistry.Revoke(user.User, null, user.UpTo),
        _ => throw new ArgumentOutOfRangeException(nameof(revocation), "not a kind of revocation"),
    });
}
