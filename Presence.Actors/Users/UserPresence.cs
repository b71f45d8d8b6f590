using Akka.Actor;
using Presence.Actors.Delivery;
using Presence.Actors.Dispatch;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>
/// The home of one user, wherever in the cluster its shard lives: owns the statuses of the user's connections and the set of
/// those who watch, and puts the user's changes in one order.
/// </summary>
public sealed class UserPresence : HomeActor
{
    // One of them, from the first message on, which says of which user.
    private Home? _home;

    /// <summary>For <see cref="Props"/>.</summary>
    public UserPresence(HomeSettings settings, PeerTable peers, ObservedRelays observed)
        : base(settings, peers, observed)
    {
    }

    /// <inheritdoc/>
    protected override IEnumerable<Home> Homes => _home is null ? [] : [_home];

    /// <summary>How to make the home of a user; the same for all of them.</summary>
    /// <param name="settings">Its times.</param>
    /// <param name="peers">The ways to the other nodes.</param>
    /// <param name="observed">The relays that are watched.</param>
    public static Props Props(HomeSettings settings, PeerTable peers, ObservedRelays observed) =>
        DirectProducer<UserPresence>.Props(() => new UserPresence(settings, peers, observed));

    /// <inheritdoc/>
    protected override Home HomeOf(Subject subject) => _home ?? new Home(subject, NewIncarnation());

    /// <inheritdoc/>
    protected override void Keep(Home home) => _home = home;
}
