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
    private readonly Home[] _home;

    /// <summary>For <see cref="Props"/>.</summary>
    public UserPresence(UserId user, HomeSettings settings, PeerTable peers)
        : base(settings, peers) => _home = [new Home(Subject.OfUser(user), NewIncarnation())];

    /// <inheritdoc/>
    protected override IEnumerable<Home> Homes => _home;

    /// <summary>How to make the home of a user.</summary>
    /// <param name="entityId">The user's id.</param>
    /// <param name="settings">Its times.</param>
    /// <param name="peers">The ways to the other nodes.</param>
    public static Props Props(string entityId, HomeSettings settings, PeerTable peers) =>
        DirectProducer<UserPresence>.Props(() => new UserPresence(new UserId(Guid.Parse(entityId)), settings, peers));

    /// <inheritdoc/>
    protected override Home HomeOf(Subject subject) => _home[0];

    /// <inheritdoc/>
    protected override void Keep(Home home) => _home[0] = home;
}
