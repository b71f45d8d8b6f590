using CsCheck;
using Presence.Client;
using Presence.Client.Requests;
using Presence.Client.Rosters;
using Xunit;

namespace Presence.Tests.Client.Rosters;

/// <summary>A small server of three users with two sessions each, and a consumer that believes what it is told.</summary>
/// <param name="isExact">Whether answers and events have one order.</param>
internal sealed class LedgerProgram(bool isExact)
{
    public static readonly Gen<(int Kind, int User, int Session, int Text)[]> Steps =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 2], Gen.Int[0, 1], Gen.Int[0, 4], (kind, user, session, text) => (kind, user, session, text)).Array[0, 80];

    private static readonly Guid[] Users = [Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid()];

    private readonly Queue<Action> _events = new();
    private readonly Queue<Action> _answers = new();
    private readonly Queue<Action> _snapshots = new();
    private readonly HashSet<Guid> _subscribed = [];
    private Roster _truth = Roster.Empty;
    private Roster _believed = Roster.Empty;
    private Ledger _ledger = null!;

    public void Run((int Kind, int User, int Session, int Text)[] steps)
    {
        _ledger = new Ledger(Believe);
        foreach (var (kind, user, session, text) in steps)
        {
            switch (kind)
            {
                case < 4:
                    Show(Users[user], $"s{session}", text == 0 ? null : $"{text}");
                    break;
                case < 6:
                    Follow(text < 3 ? [Users[user]] : Users);
                    break;
                case 6:
                    Unfollow(Users[user]);
                    break;
                case < 9:
                    Deliver(_answers);
                    break;
                case 9:
                    Deliver(_snapshots);
                    break;
                default:
                    Deliver(_events);
                    break;
            }

            Assert.Equal(Text(_ledger.Roster), Text(_believed));
        }

        while (Deliver(_snapshots) | Deliver(_events) | Deliver(_answers))
        {
            // To the end.
        }

        Assert.Equal(Text(_ledger.Roster), Text(_believed));
        Assert.Equivalent(_subscribed, _ledger.FollowedUsers);
        Assert.Equal([.. _truth.Where(p => _subscribed.Contains(p.UserId)).Select(p => $"{p}").Order(StringComparer.Ordinal)], Text(_believed));
    }

    private static bool Deliver(Queue<Action> queue)
    {
        if (!queue.TryDequeue(out var next))
            return false;
        next();
        return true;
    }

    private static string[] Text(Roster roster) => [.. roster.Select(p => $"{p}").Order(StringComparer.Ordinal)];

    private Queue<Action> Queue(Queue<Action> queue) => isExact ? _events : queue;

    private void Show(Guid user, string session, string? status)
    {
        var key = new PresenceKey(user, session);
        var (old, shown) = (_truth.Of(key), status is null ? null : new UserPresence(user, session, "name", status));
        if (old is null && shown is null)
            return;
        _truth = _truth.With(key, shown);
        if (_subscribed.Contains(user))
            _events.Enqueue(() => _ledger.Apply(old, shown));
    }

    private void Follow(Guid[] users)
    {
        var follow = new FollowRequest(users, []);
        _ledger.Begin(follow);
        var since = _ledger.Now;
        _subscribed.UnionWith(users);
        if (isExact)
            Snapshot();
        else
            _snapshots.Enqueue(Snapshot);

        void Snapshot()
        {
            var shown = _truth.Where(p => users.Contains(p.UserId)).ToList();
            Queue(_answers).Enqueue(() =>
            {
                _ledger.Answer(follow, users, shown, since);
                var before = _ledger.Roster;
                foreach (var presence in _ledger.Complete(follow))
                {
                    var key = new PresenceKey(presence.UserId, presence.SessionId);
                    Assert.True(before.Of(key) is not { } known || known == presence, "F4: what was told before is not told otherwise by an answer");
                    _believed = _believed.With(key, presence);
                }
            });
        }
    }

    /// <summary>In one order even where the rest is not: else nobody could tell a change of before from one of after it.</summary>
    private void Unfollow(Guid user)
    {
        while (!isExact && Deliver(_snapshots) | Deliver(_events) | Deliver(_answers))
        {
            // Everything of before.
        }

        _subscribed.Remove(user);
        Queue(_answers).Enqueue(() =>
        {
            _ledger.Unfollow(user);
            _believed = _believed.Without(user);
        });
        if (!isExact)
            Deliver(_answers);
    }

    private void Believe(StatusChange change)
    {
        Assert.Equal(_believed.Of(change.Key), change.Before);
        _believed = _believed.With(change.Key, change.Shown);
    }
}
