namespace Presence.Client.Changes;

/// <summary>Those who are to be told of changes: of the followed users, or of the client's own.</summary>
/// <param name="gate">Held by whoever calls it, and by the subscriptions when they are taken from or end.</param>
/// <param name="roster">What the client shows now.</param>
/// <param name="backlog">How many changes are kept apart for each.</param>
internal sealed class Audience(object gate, Func<Roster> roster, int backlog)
{
    private readonly List<StatusSubscription> _followers = [];
    private readonly List<StatusSubscription> _owners = [];

    /// <summary>Somebody wants to be told from now on.</summary>
    /// <param name="toOwn">Whether of the client's own user.</param>
    public StatusSubscription Subscribe(bool toOwn)
    {
        var list = toOwn ? _owners : _followers;
        var subscription = new StatusSubscription(gate, roster, backlog, s => list.Remove(s));
        list.Add(subscription);
        return subscription;
    }

    /// <summary>Tells of a followed user.</summary>
    public void Tell(StatusChange change)
    {
        foreach (var subscription in _followers)
            subscription.Add(change);
    }

    /// <summary>Tells of the client's own user.</summary>
    public void TellOwn(StatusChange change)
    {
        foreach (var subscription in _owners)
            subscription.Add(change);
    }

    /// <summary>Nobody is told any more of a user what has not been taken yet.</summary>
    public void Forget(Guid user)
    {
        foreach (var subscription in _followers)
            subscription.Forget(user);
    }

    /// <summary>Nothing comes any more.</summary>
    /// <param name="fault">Makes the exception that says why; null: quietly.</param>
    public void End(Func<Exception?> fault)
    {
        foreach (var subscription in _followers.Concat(_owners))
            subscription.End(fault());
    }
}
