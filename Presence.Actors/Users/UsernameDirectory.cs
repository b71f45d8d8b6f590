using Akka.Actor;
using Presence.Actors.Delivery;
using Presence.Actors.Dispatch;
using Presence.Actors.Model;

namespace Presence.Actors.Users;

/// <summary>
/// The home of many usernames: which connected users have which, and who waits for a user of one (contract F6).
/// </summary>
public sealed class UsernameDirectory : HomeActor
{
    private readonly Dictionary<Subject, Home> _homes = [];

    /// <summary>For <see cref="Props"/>.</summary>
    public UsernameDirectory(HomeSettings settings, PeerTable peers, ObservedRelays observed)
        : base(settings, peers, observed)
    {
    }

    /// <inheritdoc/>
    protected override IEnumerable<Home> Homes => _homes.Values;

    /// <summary>How to make a directory; the same for all of them.</summary>
    /// <param name="settings">Its times.</param>
    /// <param name="peers">The ways to the other nodes.</param>
    /// <param name="observed">The relays that are watched.</param>
    public static Props Props(HomeSettings settings, PeerTable peers, ObservedRelays observed) =>
        DirectProducer<UsernameDirectory>.Props(() => new UsernameDirectory(settings, peers, observed));

    /// <inheritdoc/>
    protected override Home HomeOf(Subject subject) =>
        _homes.TryGetValue(subject, out var home) ? home : new Home(subject, NewIncarnation());

    /// <inheritdoc/>
    protected override void Keep(Home home)
    {
        if (home.IsEmpty)
            _homes.Remove(home.Subject);
        else
            _homes[home.Subject] = home;
    }
}
