using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Framing;

namespace Presence.Host.Links;

/// <summary>Makes a link and its connection, whatever kind of transport the client came by.</summary>
internal sealed class LinkOpening(PresenceNode node, Revocations revocations, IOptions<PresenceOptions> options)
{
    // A client is told that it is connected when it is online; but rather early than never, while a home is being moved.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly LinkTimes _times = LinkTimes.Of(options.Value.Limits);

    /// <summary>Opens a connection for a client that is not told of it yet; its link is to be run, or given up.</summary>
    /// <param name="identity">Who the client is.</param>
    /// <param name="session">The connection's name.</param>
    /// <param name="appearsOnline">Whether it begins with the empty status (contract S1).</param>
    /// <param name="framing">How messages are told apart.</param>
    /// <param name="codec">How they are written.</param>
    /// <param name="holdsFirstFrame">Whether the first frame is held back (protocol difference 0.3).</param>
    /// <param name="abort">Cuts the transport.</param>
    public async Task<Link> OpenAsync(
        Identity identity,
        SessionId session,
        bool appearsOnline,
        MessageFraming framing,
        EnvelopeCodec codec,
        bool holdsFirstFrame,
        Action abort)
    {
        var link = new Link(framing, codec, _times, holdsFirstFrame, abort);
        node.Open(new Connection.Opening(link, session, identity, appearsOnline));
        try
        {
            await link.Started.WaitAsync(Patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The connection goes on trying, and its client finds out what it can do meanwhile.
        }

        // A revocation that came while nobody knew of the connection yet would otherwise miss it.
        if (revocations.IsRevoked(identity))
            link.End(CloseReason.Revoked);
        return link;
    }
}
