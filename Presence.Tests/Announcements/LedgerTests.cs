using System.Collections.Immutable;
using Presence.Actors.Announcements;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Announcements;

/// <summary>What is owed to whom, rule by rule.</summary>
[Trait("Clause", "K1")]
public sealed class LedgerTests
{
    private const int A = 1;
    private const int B = 2;
    private const int C = 3;

    private static readonly AnnouncementSettings Settings = AnnouncementSettings.Default;
    private static readonly UserId Alice = new(Guid.NewGuid());
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly TokensRevoked Login = new(Alice, "t1", default, Noon);
    private static readonly TokensRevoked All = new(Alice, null, Noon.AddHours(-2), Noon);

    [Fact]
    public void A_revocation_is_told_to_every_member_once_it_is_there()
    {
        var ledger = Greeted(A, B, C).Revoke(Login);
        var (_, send) = Due(ledger);
        Assert.Equal([B, C], send.Select(s => s.Node).Order());
        Assert.All(send, s => Assert.Equal(Login, Assert.Single(s.Announcement.Revoked)));
        Assert.Empty(Due(ledger.Revoke(Login)).Next.Revoke(Login).Due(default, Settings).Send);
    }

    [Fact]
    public void What_is_not_accepted_is_repeated_less_and_less_often()
    {
        var (ledger, send) = Due(Greeted(A, B).Revoke(Login));
        var first = Assert.Single(send).Announcement;
        var now = Settings.RetryAfter;
        List<TimeSpan> waits = [];
        for (var i = 0; i < 5; i++)
        {
            Assert.Empty(ledger.Due(now - TimeSpan.FromTicks(1), Settings).Send);
            (ledger, send) = ledger.Due(now, Settings);
            Assert.Equal(first, Assert.Single(send).Announcement);
            waits.Add(ledger.NextRepetition!.Value - now);
            now = ledger.NextRepetition.Value;
        }

        Assert.Equal([1, 2, 4, 4, 4], waits.Select(w => w.TotalSeconds));
        // Late, and still an acceptance.
        ledger = ledger.Settle(new AnnouncementAccepted(B, first.Number));
        Assert.Null(ledger.NextRepetition);
        Assert.Empty(ledger.Due(TimeSpan.MaxValue - Settings.RetryAtMost, Settings).Send);
    }

    [Fact]
    public void An_acceptance_settles_what_was_told_and_not_what_has_come_since()
    {
        var (ledger, send) = Due(Greeted(A, B).Revoke(All));
        var later = All with { IssuedUpTo = All.IssuedUpTo.AddHours(1) };
        ledger = ledger.Revoke(later).Revoke(Login);
        Assert.Empty(Due(ledger).Send);
        ledger = ledger.Settle(new AnnouncementAccepted(B, Assert.Single(send).Announcement.Number + 1));
        Assert.Empty(Due(ledger).Send);
        ledger = ledger.Settle(new AnnouncementAccepted(C, send[0].Announcement.Number));
        Assert.Empty(Due(ledger).Send);

        ledger = ledger.Settle(new AnnouncementAccepted(B, send[0].Announcement.Number));
        var next = Assert.Single(Due(ledger).Send).Announcement;
        Assert.Equal(new HashSet<TokensRevoked> { later, Login }, next.Revoked.ToHashSet());
    }

    [Fact]
    public void Who_joins_is_told_everything_in_parts_and_hears_when_that_was_all()
    {
        var (ledger, kept) = (new Ledger(A), new HashSet<TokensRevoked>());
        for (var i = 0; i < 5000; i++)
        {
            var revoked = new TokensRevoked(new UserId(Guid.NewGuid()), $"login {i}", default, Noon);
            kept.Add(revoked);
            ledger = ledger.Revoke(revoked);
        }

        ledger = ledger.Join(B);
        var told = new HashSet<TokensRevoked>();
        var parts = 0;
        while (true)
        {
            (ledger, var send) = Due(ledger);
            var part = Assert.Single(send).Announcement;
            Assert.InRange(part.Revoked.Length, 1, Settings.BatchBytes / 48);
            Assert.All(part.Revoked, r => Assert.True(told.Add(r)));
            parts++;
            ledger = ledger.Settle(new AnnouncementAccepted(B, part.Number));
            if (part.IsAll)
                break;
        }

        Assert.Equal(kept, told);
        Assert.InRange(parts, 2, 20);
        Assert.Empty(Due(ledger).Send);
    }

    [Fact]
    public void Who_joins_a_node_that_keeps_nothing_is_told_so()
    {
        var (_, send) = Due(new Ledger(A).Join(B));
        Assert.True(Assert.Single(send).Announcement is { IsAll: true, Revoked: [], Opened: [] });
        var joiner = new Ledger(B).Join(A);
        Assert.False(joiner.HasToldAll(A));
        Assert.True(joiner.Hear(send[0].Announcement).HasToldAll(A));
    }

    [Fact]
    public void What_was_learned_is_passed_on_when_and_only_when_the_node_that_told_it_is_gone()
    {
        var heard = Greeted(B, A, C).Hear(new Announcement(A, 9, [Login], [new(Alice, SessionId.New())], true));
        Assert.Equal(Login, Assert.Single(heard.Kept).Value);
        Assert.Empty(Due(heard).Send);
        Assert.Empty(Due(heard.Remove(C)).Send);

        // Its connections have ended with it.
        var (next, send) = Due(heard.Remove(A));
        Assert.True(Assert.Single(send) is { Node: C, Announcement: { Revoked: [var told], Opened: [] } } && told == Login);
        Assert.Empty(Due(next.Remove(C)).Send);
    }

    [Fact]
    public void What_two_nodes_say_of_the_same_tokens_is_told_as_one()
    {
        var (early, late) = (All with { ExpiresAt = Noon.AddHours(1) }, All with { IssuedUpTo = All.IssuedUpTo.AddHours(1) });
        var ledger = Greeted(B, A, C).Hear(new Announcement(A, 1, [early], [], true)).Hear(new Announcement(C, 1, [late], [], true));
        var both = new TokensRevoked(Alice, null, late.IssuedUpTo, early.ExpiresAt);
        Assert.Equal(both, Assert.Single(ledger.Kept).Value);
        Assert.All(Due(ledger).Send, s => Assert.Equal(both, Assert.Single(s.Announcement.Revoked)));
        Assert.Equal(2, Due(ledger).Send.Length);
    }

    [Fact]
    public void What_has_expired_is_neither_kept_nor_told()
    {
        var ledger = Greeted(A, B).Revoke(Login).Revoke(All with { ExpiresAt = Noon.AddHours(1) }).Forget(Noon);
        Assert.Null(Assert.Single(ledger.Kept).Key.TokenId);
        Assert.Null(Assert.Single(Assert.Single(Due(ledger).Send).Announcement.Revoked).TokenId);
        Assert.Empty(ledger.Forget(Noon.AddHours(1)).Kept);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public void Of_a_user_the_newest_connection_is_told_and_none_that_has_ended()
    {
        var (one, two) = (new SessionOpened(Alice, SessionId.New()), new SessionOpened(Alice, SessionId.New()));
        var ledger = Greeted(A, B).Open(two).Open(one);
        var (sent, send) = Due(ledger);
        Assert.Equal(two, Assert.Single(Assert.Single(send).Announcement.Opened));

        Assert.Empty(Due(ledger.End(two)).Send);
        // A repetition is a sending like any other.
        var again = Assert.Single(sent.End(two).Due(Settings.RetryAfter, Settings).Send).Announcement;
        Assert.Empty(again.Opened);
        Assert.Equal(send[0].Announcement.Number, again.Number);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public void A_node_that_seems_not_to_know_is_reminded_and_no_other()
    {
        var opened = new SessionOpened(Alice, SessionId.New());
        var (_, send) = Due(Greeted(A, B, C).Remind(C, opened));
        Assert.True(Assert.Single(send) is { Node: C, Announcement.Opened: [var told] } && told == opened);
        Assert.Empty(Due(Greeted(A, B).Remind(C, opened)).Send);
    }

    [Fact]
    public void A_node_that_is_gone_is_owed_nothing()
    {
        var (ledger, _) = Due(Greeted(A, B).Revoke(Login));
        ledger = ledger.Remove(B);
        Assert.Null(ledger.NextRepetition);
        Assert.Empty(ledger.Due(TimeSpan.FromDays(1), Settings).Send);
    }

    /// <summary>A ledger among members that know everything.</summary>
    private static Ledger Greeted(int self, params int[] others)
    {
        var (ledger, send) = Due(others.Aggregate(new Ledger(self), (l, node) => l.Join(node)));
        return send.Aggregate(ledger, (l, s) => l.Settle(new AnnouncementAccepted(s.Node, s.Announcement.Number)));
    }

    private static (Ledger Next, ImmutableArray<(int Node, Announcement Announcement)> Send) Due(Ledger ledger) => ledger.Due(default, Settings);
}
