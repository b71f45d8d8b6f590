using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Dispatch;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links;

/// <summary>Makes a link and its connection, whatever kind of transport the client came by.</summary>
internal sealed class LinkOpening(
    PresenceNode node,
    LinkSet links,
    LinkTimes times,
    LinkLimits limits,
    FrameHolds holds,
    Revocations revocations,
    UserLinks users,
    IOptions<PresenceOptions> options,
    TimeProvider clock)
{
    private readonly int _messageBytes = options.Value.Limits.MessageBytes;

    /// <summary>Makes the link of a client; its connection is opened by <see cref="Open(Link, SessionId, Identity, bool, ILoop?, CloseReason?)"/>.</summary>
    /// <param name="identity">Who the client is.</param>
    /// <param name="format">How messages look.</param>
    /// <param name="holdsFirstFrame">Whether the first frame is held back (protocol difference 0.3).</param>
    /// <param name="greeting">What the client is told when it is connected; null if another tells it.</param>
    /// <param name="answersPings">Whether the client of a plain link answers pings.</param>
    /// <param name="replyBytes">How long an answer may be at most, as the client asks; null: it does not ask.</param>
    public Link Make(
        Identity identity, LinkFormat format, bool holdsFirstFrame, byte[]? greeting = null, bool answersPings = false, int? replyBytes = null) =>
        new(format, _messageBytes, times, holdsFirstFrame ? holds : null, greeting, new Stay(this, identity), limits, answersPings, replyBytes);

    /// <summary>Makes the link of an upgraded request; <see cref="Open(Link, UpgradeOutcome.Upgraded, ILoop?)"/> opens it.</summary>
    /// <param name="upgraded">What the gate says of the request.</param>
    /// <param name="answers">Whether the link sends the 101; else the HTTP server does.</param>
    public Link Make(UpgradeOutcome.Upgraded upgraded, bool answers)
    {
        var format = LinkFormat.OfWebSocket(upgraded.Format);
        var greeting = answers ? UpgradeAnswer.To(upgraded, clock.GetUtcNow()) : null;
        return upgraded is UpgradeOutcome.Accepted accepted
            ? Make(accepted.Identity, format, holdsFirstFrame: true, greeting, replyBytes: accepted.ReplyBytes)
            : new Link(format, _messageBytes, times, holds: null, greeting, new Stay(this, null), limits);
    }

    /// <summary>
    /// A link to a client that is refused, in lines as every refusal of a plain link is: it says why, and ends when the client has
    /// closed or had its time.
    /// </summary>
    /// <param name="why">What the client is told.</param>
    /// <param name="code">Its number.</param>
    public Link Refuse(string why, ErrorCode code)
    {
        var link = new Link(LinkFormat.Lines, _messageBytes, times, holds: null, watcher: new Stay(this, null), limits: limits);
        links.Add(link);
        link.Send(new ServerMessage.Failed(null, code, why));
        link.Close(CloseReason.Normal);
        return link;
    }

    /// <summary>Opens the connection of an upgraded link, or closes it at once if that is what became of its request.</summary>
    /// <param name="link">The link.</param>
    /// <param name="upgraded">What the gate says of the request.</param>
    /// <param name="loop">The loop that the link belongs to.</param>
    public void Open(Link link, UpgradeOutcome.Upgraded upgraded, ILoop? loop)
    {
        switch (upgraded)
        {
            case UpgradeOutcome.Accepted accepted:
                Open(link, SessionId.New(), accepted.Identity, accepted.AppearsOnline, loop, accepted.TooMany);
                break;
            case UpgradeOutcome.Closed closed:
                if (closed.Limit is { } limit)
                    users.CountRefusal(limit);
                // Closed first: the set would close it with the reason of a stop.
                link.Close(closed.Reason);
                links.Add(link);
                break;
        }
    }

    /// <summary>Opens the connection of a link: it attaches itself shortly.</summary>
    /// <param name="link">The link.</param>
    /// <param name="session">The connection's name.</param>
    /// <param name="identity">Who the client is.</param>
    /// <param name="appearsOnline">Whether it begins with the empty status (contract S1).</param>
    /// <param name="loop">The loop that the link belongs to; null for any.</param>
    /// <param name="tooMany">What the client is told if its user has too many links by it; null: <see cref="CloseReason.TooMany"/>.</param>
    public void Open(Link link, SessionId session, Identity identity, bool appearsOnline, ILoop? loop = null, CloseReason? tooMany = null)
    {
        links.Add(link);
        if (link.Watcher is Stay { IsOneTooMany: true })
        {
            users.CountRefusal(Limit.ConnectionsPerUser);
            link.Close(tooMany ?? CloseReason.TooMany);
            return;
        }

        node.Open(new Connection.Opening(link, session, identity, appearsOnline), loop);
    }

    /// <summary>Waits until the client may be told that it is connected.</summary>
    public async Task StartedAsync(Link link)
    {
        try
        {
            await link.Started.WaitAsync(TimeSpan.FromMilliseconds(times.StartPatience)).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The connection goes on trying, and its client finds out what it can do meanwhile.
        }
    }

    /// <summary>A link's account with the node.</summary>
    private sealed class Stay(LinkOpening opening, Identity? identity) : ILinkWatcher
    {
        /// <summary>Whether its user has too many links by it.</summary>
        public bool IsOneTooMany { get; } = identity is not null && !opening.Enter(identity.User);

        public void Attached(Link link)
        {
            // A revocation that came before the node knew of the connection has missed it.
            if (identity is not null && opening.IsRevoked(identity))
                link.End(CloseReason.Revoked);
        }

        public void Over(Link link) => opening.Leave(link, identity);
    }

    private bool Enter(UserId user) => users.TryEnter(user);

    private bool IsRevoked(Identity identity) => revocations.IsRevoked(identity);

    private void Leave(Link link, Identity? identity)
    {
        links.Remove(link);
        if (identity is not null)
            users.Leave(identity.User);
    }
}
