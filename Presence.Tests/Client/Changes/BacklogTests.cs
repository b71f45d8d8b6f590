using CsCheck;
using Presence.Client;
using Presence.Client.Changes;
using Presence.Client.Rosters;
using Xunit;

namespace Presence.Tests.Client.Changes;

/// <summary>What is kept for a consumer that does not take it (the server's rule L1, in the client).</summary>
public sealed class BacklogTests
{
    private static readonly Guid Alice = Guid.NewGuid();
    private static readonly Guid Bob = Guid.NewGuid();

    [Fact]
    [Trait("Clause", "L1")]
    public void Up_to_the_capacity_every_change_is_kept_as_it_came()
    {
        var backlog = new Backlog(4);
        StatusChange[] changes = [Of(Alice, null, "1"), Of(Alice, "1", "2"), Of(Bob, null, "1"), Of(Alice, "2", "2")];
        Add(backlog, changes);
        Assert.Equal(changes, TakeAll(backlog));
    }

    [Fact]
    [Trait("Clause", "L1")]
    [Trait("Clause", "E2")]
    public void Beyond_it_the_changes_of_a_session_are_merged_into_its_last_one()
    {
        var backlog = new Backlog(2);
        Add(backlog, Of(Alice, "0", "1"), Of(Alice, "1", "2"), Of(Bob, null, "x"), Of(Alice, "2", "3"), Of(Alice, "3", null), Of(Bob, "x", "y"));
        Assert.Equal([Of(Alice, "0", "1"), Of(Alice, "1", null), Of(Bob, null, "y")], TakeAll(backlog));
    }

    [Fact]
    [Trait("Clause", "L1")]
    public void A_session_that_comes_and_goes_while_nobody_looks_is_dropped()
    {
        var backlog = new Backlog(1);
        Add(backlog, Of(Bob, "x", "y"), Of(Alice, null, "1"), Of(Alice, "1", "2"), Of(Alice, "2", null));
        Assert.Equal([Of(Bob, "x", "y")], TakeAll(backlog));
    }

    [Fact]
    [Trait("Clause", "F7")]
    public void What_is_kept_of_a_user_can_be_forgotten()
    {
        var backlog = new Backlog(1);
        Add(backlog, Of(Alice, "0", "1"), Of(Bob, null, "x"), Of(Alice, "1", "2"));
        backlog.Forget(Alice);
        Add(backlog, Of(Alice, null, "again"));
        Assert.Equal([Of(Bob, null, "x"), Of(Alice, null, "again")], TakeAll(backlog));
    }

    /// <summary>Random changes, takes and unfollows against a consumer that believes what it takes.</summary>
    [Fact]
    [Trait("Clause", "L1")]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    public void However_slow_the_consumer_is_it_is_right_in_the_end_and_memory_is_bounded() =>
        Gen.Select(Gen.Int[1, 6], Step.Array[0, 200]).Sample(
            (capacity, program) =>
            {
                var backlog = new Backlog(capacity);
                var truth = Roster.Empty;
                var believed = Roster.Empty;
                var (made, taken, wasFull) = (0, 0, false);
                foreach (var (kind, user, session, text) in program)
                {
                    var key = new PresenceKey(user, session);
                    if (kind < 6)
                    {
                        var shown = kind == 0 ? null : new UserPresence(user, session, "name", text);
                        if (StatusChange.Between(truth.Of(key), shown) is not { } change)
                            continue;
                        wasFull |= backlog.Count >= capacity;
                        backlog.Add(change);
                        truth = truth.With(key, shown);
                        made++;
                    }
                    else if (kind < 9)
                    {
                        Take();
                    }
                    else
                    {
                        backlog.Forget(user);
                        (truth, believed, wasFull) = (truth.Without(user), believed.Without(user), true);
                    }

                    Assert.Equal(Text(believed), Text(backlog.Undo(truth)));
                    var bound = capacity + truth.Concat(believed).Select(p => (p.UserId, p.SessionId)).Distinct().Count();
                    Assert.True(backlog.Count <= bound, $"L1: {backlog.Count} are kept where {bound} may be");
                }

                while (Take())
                {
                    // To the end.
                }

                Assert.Equal(Text(truth), Text(believed));
                Assert.True(wasFull || made == taken, "L1: something was merged while there was room");

                bool Take()
                {
                    if (!backlog.TryTake(out var change))
                        return false;
                    taken++;
                    Assert.Equal(believed.Of(change.Key), change.Before);
                    Assert.False(change is { Old: null, New: null }, "E2: a change from nothing to nothing");
                    believed = believed.With(change.Key, change.Shown);
                    return true;
                }
            },
            iter: 1000);

    private static readonly Gen<(int Kind, Guid User, string Session, string Text)> Step = Gen.Select(
        Gen.Int[0, 9], Gen.Bool, Gen.Int[1, 3], Gen.Int[1, 3], (kind, isAlice, session, text) => (kind, isAlice ? Alice : Bob, $"s{session}", $"{text}"));

    private static string[] Text(Roster roster) => [.. roster.Select(p => $"{p}").Order(StringComparer.Ordinal)];

    private static StatusChange Of(Guid user, string? old, string? now) => new(user, "session", "name", old, now);

    private static void Add(Backlog backlog, params StatusChange[] changes) => Array.ForEach(changes, backlog.Add);

    private static List<StatusChange> TakeAll(Backlog backlog)
    {
        var all = new List<StatusChange>();
        while (backlog.TryTake(out var change))
            all.Add(change);
        return all;
    }
}
