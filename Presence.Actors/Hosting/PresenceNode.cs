using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Presence.Actors.Announcements;
using Presence.Actors.Connections;
using Presence.Actors.Delivery;
using Presence.Actors.Dispatch;
using Presence.Actors.Messages;
using Presence.Actors.Relays;
using Presence.Actors.Telemetry;
using Presence.Actors.Users;

namespace Presence.Actors.Hosting;

/// <summary>
/// The node as its host sees it: how its actors are to behave, and where a new link is handed over. Made before the actor
/// system; ready when the system has started.
/// </summary>
public sealed class PresenceNode
{
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ImmutableArray<IActorRef> _pools = [];
    private uint _next;

    /// <summary>The limits of connections.</summary>
    public ConnectionSettings Connections { get; init; } = ConnectionSettings.Default;

    /// <summary>Which connections may not go on.</summary>
    public SessionPolicy Sessions { get; init; } = SessionPolicy.Default;

    /// <summary>The times of the relays.</summary>
    public RelaySettings Relays { get; init; } = RelaySettings.Default;

    /// <summary>The times of the homes.</summary>
    public HomeSettings Homes { get; init; } = HomeSettings.Default;

    /// <summary>The sizes and times of what goes to other nodes.</summary>
    public PeerSettings Peers { get; init; } = PeerSettings.Default;

    /// <summary>The sizes and times of what is announced to other nodes.</summary>
    public AnnouncementSettings Announcements { get; init; } = AnnouncementSettings.Default;

    /// <summary>Counts what the limits of the node refuse.</summary>
    public Refusals Refusals { get; init; } = new();

    /// <summary>
    /// Whether the node is overloaded: then its connections refuse new follows (contract L5). Called once for each follow, from any
    /// thread.
    /// </summary>
    public Func<bool> IsOverloaded { get; init; } = static () => false;

    /// <summary>
    /// Puts tokens that were revoked on another node out of force on this one, before it returns; that nothing is new about them is
    /// no fault.
    /// </summary>
    public Action<TokensRevoked> Revoke { get; init; } = _ => { };

    /// <summary>
    /// Called for each connection of this node that is ended because a newer one of its user has replaced it, before the connection is
    /// told; from any thread.
    /// </summary>
    public Action<Identity> Replaced { get; init; } = static _ => { };

    /// <summary>The threads that the actors of links and users run on; none: those of Akka's own dispatcher.</summary>
    public ImmutableArray<ILoop> Loops { get; init; } = [];

    /// <summary>The ways to the other nodes.</summary>
    public PeerTable PeerTable { get; } = new();

    /// <summary>The relays, of all nodes, that the homes of this node have met.</summary>
    public ObservedRelays ObservedRelays { get; } = new();

    /// <summary>The relays of this node.</summary>
    public RelayTable RelayTable { get; } = new();

    /// <summary>
    /// Completes when the node is a member of its cluster, knows which tokens are revoked, and links can be handed over.
    /// </summary>
    public Task Ready => Task.WhenAll(_up.Task, _told.Task, RelayTable.Filled);

    /// <summary>Hands a link over: a connection attaches itself to it shortly.</summary>
    /// <param name="opening">The link and who is at its other end.</param>
    /// <param name="loop">The loop that the link belongs to, on which its connection is to run; null for any.</param>
    /// <exception cref="InvalidOperationException">The node is not ready.</exception>
    public void Open(Connection.Opening opening, ILoop? loop = null)
    {
        if (!Ready.IsCompletedSuccessfully)
            throw new InvalidOperationException("The node has not started.");
        var next = Interlocked.Increment(ref _next);
        // Pools are dealt to the loops in turn.
        var pool = loop is null ? next : ((next * (uint)Loops.Length) + (uint)Loops.IndexOf(loop));
        _pools[(int)(pool % (uint)_pools.Length)].Tell(opening);
    }

    internal void ToldAll() => _told.TrySetResult();

    internal void Started(ImmutableArray<IActorRef> pools, Cluster cluster)
    {
        _pools = pools;
        cluster.RegisterOnMemberUp(() => _up.TrySetResult());
    }
}
