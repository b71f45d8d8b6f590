using Presence.Client.Changes;
using Presence.Client.Requests;
using Presence.Client.Wire;

namespace Presence.Client.Rosters;

/// <summary>What the server tells goes to the ledgers, that of the followed users or that of the client's own, and what they make of it to the audience.</summary>
internal sealed class Picture
{
    private readonly OwnLedger _own = new();
    private readonly Audience _audience;
    private Guid? _me;

    public Picture(object gate, int backlog)
    {
        _audience = new Audience(gate, () => Ledger!.Roster, backlog);
        Ledger = new Ledger(_audience.Tell);
    }

    public Ledger Ledger { get; }

    public Audience Audience => _audience;

    /// <summary>A link is there, which knows nothing.</summary>
    /// <param name="me">The client's own user; null if it is not known.</param>
    public void LinkUp(Guid? me)
    {
        _me = me;
        _own.Clear();
    }

    /// <summary>The server has answered a part of a follow.</summary>
    /// <param name="follow">The follow.</param>
    /// <param name="part">What was asked.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="since">When it was asked.</param>
    public void Learn(FollowRequest follow, ClientMessage.Follow part, ServerMessage answer, long since)
    {
        var presences = answer is ServerMessage.Snapshot snapshot ? snapshot.Presences : [];
        Ledger.Answer(follow, part.UserIds, presences.Where(p => p.UserId != _me), since);
    }

    /// <summary>The server has acknowledged that these are followed no more.</summary>
    public void Forget(IEnumerable<Guid> users)
    {
        foreach (var user in users)
        {
            Ledger.Unfollow(user);
            _audience.Forget(user);
        }
    }

    /// <summary>The server tells of changes: first of what is shown now, then of what is shown no more.</summary>
    public void Apply(ServerMessage.StatusEvent change)
    {
        foreach (var join in change.Joins)
            Apply(change.Leaves.FirstOrDefault(leave => IsSameSession(leave, join)), join);
        foreach (var leave in change.Leaves)
        {
            if (!change.Joins.Any(join => IsSameSession(leave, join)))
                Apply(leave, null);
        }
    }

    private void Apply(UserPresence? leave, UserPresence? join)
    {
        if ((join ?? leave)!.UserId != _me)
            Ledger.Apply(leave, join);
        else if (_own.Apply(leave, join) is { } told)
            _audience.TellOwn(told);
    }

    private static bool IsSameSession(UserPresence one, UserPresence other) =>
        one.SessionId == other.SessionId && one.UserId == other.UserId;
}
