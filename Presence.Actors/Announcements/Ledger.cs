using System.Collections.Immutable;
using Presence.Actors.Messages;

namespace Presence.Actors.Announcements;

/// <summary>
/// Which facts this node must tell which others, so that in the end every node knows every fact, whichever nodes come and go
/// (contract K1). Knows nothing of actors and clocks.
/// </summary>
/// <remarks>
/// <para>
/// A fact of this node is owed to every other member until that has accepted it or is removed. A revocation is kept until it has
/// expired, and whoever joins is owed all that are kept, by every member.
/// </para>
/// <para>
/// What was learned from another node is that node's to tell, so a fact goes over each way once. When the node is removed, its debts are
/// not known; then all who learned something from it owe that to each other. The connections of a node that is removed have ended,
/// and are nobody's debt.
/// </para>
/// </remarks>
internal sealed record Ledger
{
    private readonly int _self;

    /// <param name="self">The cluster's unique id of this node.</param>
    public Ledger(int self) => _self = self;

    /// <summary>The revocations that are kept.</summary>
    public ImmutableDictionary<TokenSet, TokensRevoked> Kept { get; private init; } = ImmutableDictionary<TokenSet, TokensRevoked>.Empty;

    /// <summary>What is owed to each other node.</summary>
    public ImmutableDictionary<int, Debt> Debts { get; private init; } = ImmutableDictionary<int, Debt>.Empty;

    // The revocations that are another node's to tell, and which node's.
    private ImmutableDictionary<TokenSet, int> LearnedFrom { get; init; } = ImmutableDictionary<TokenSet, int>.Empty;

    private long LastNumber { get; init; }

    /// <summary>When something is to be repeated next; null if nothing is under way.</summary>
    public TimeSpan? NextRepetition
    {
        get
        {
            TimeSpan? next = null;
            foreach (var debt in Debts.Values)
            {
                if (debt.UnderWay is not null && !(next <= debt.RepeatAt))
                    next = debt.RepeatAt;
            }

            return next;
        }
    }

    /// <summary>Whether another node is a member.</summary>
    public bool IsMember(int node) => Debts.ContainsKey(node);

    /// <summary>Whether a node has told everything that it had to tell when it met this one; one that is no member has.</summary>
    public bool HasToldAll(int node) => !Debts.TryGetValue(node, out var debt) || debt.HasToldAll;

    /// <summary>Another node is a member.</summary>
    public Ledger Join(int node) => IsMember(node) ? this : this with { Debts = Debts.Add(node, new Debt(Kept)) };

    /// <summary>Another node is no member any more, and never will be again.</summary>
    public Ledger Remove(int node)
    {
        if (!IsMember(node))
            return this;
        var debts = Debts.Remove(node);
        var orphans = LearnedFrom.Where(l => l.Value == node).Select(l => l.Key).ToList();
        foreach (var (other, debt) in debts)
            debts = debts.SetItem(other, orphans.Aggregate(debt, (d, tokens) => d.Owe(tokens, Kept[tokens])));
        return this with { Debts = debts, LearnedFrom = LearnedFrom.RemoveRange(orphans) };
    }

    /// <summary>Tokens were revoked on this node.</summary>
    public Ledger Revoke(TokensRevoked revoked)
    {
        var tokens = TokenSet.Of(revoked);
        var known = Kept.GetValueOrDefault(tokens);
        var merged = known?.With(revoked) ?? revoked;
        return merged == known ? this : Owe(tokens, merged);
    }

    /// <summary>A connection has opened on this node.</summary>
    public Ledger Open(SessionOpened opened) => this with { Debts = Each(debt => debt.Owe(opened)) };

    /// <summary>A connection of this node is open, and a node seems not to know.</summary>
    public Ledger Remind(int node, SessionOpened opened) =>
        Debts.TryGetValue(node, out var debt) ? this with { Debts = Debts.SetItem(node, debt.Owe(opened)) } : this;

    /// <summary>A connection of this node has ended.</summary>
    public Ledger End(SessionOpened ended) => this with { Debts = Each(debt => debt.Cancel(ended)) };

    /// <summary>A member announces something. Which of its revocations are news can be told by what is kept before and after.</summary>
    public Ledger Hear(Announcement announcement)
    {
        var next = announcement.Revoked.Aggregate(this, (ledger, revoked) => ledger.Learn(announcement.Node, revoked));
        var debt = next.Debts[announcement.Node];
        return announcement.IsAll && !debt.HasToldAll
            ? next with { Debts = next.Debts.SetItem(announcement.Node, debt with { HasToldAll = true }) }
            : next;
    }

    /// <summary>A node has accepted an announcement.</summary>
    public Ledger Settle(AnnouncementAccepted accepted) => Debts.TryGetValue(accepted.Node, out var debt)
        ? this with { Debts = Debts.SetItem(accepted.Node, debt.Settle(accepted.Number)) }
        : this;

    /// <summary>Forgets what has expired: no token can be affected by it any more.</summary>
    public Ledger Forget(DateTimeOffset now)
    {
        var expired = Kept.Where(k => k.Value.ExpiresAt <= now).Select(k => k.Key).ToList();
        return expired.Count == 0
            ? this
            : this with
            {
                Kept = Kept.RemoveRange(expired),
                LearnedFrom = LearnedFrom.RemoveRange(expired),
                Debts = Each(debt => debt.Forget(now)),
            };
    }

    /// <summary>What is to be sent now, and to whom: what is owed where nothing is under way, and what was under way for too long.</summary>
    public (Ledger Next, ImmutableArray<(int Node, Announcement Announcement)> Send) Due(TimeSpan now, AnnouncementSettings settings)
    {
        var (debts, number) = (Debts, LastNumber);
        var send = ImmutableArray.CreateBuilder<(int, Announcement)>();
        foreach (var (node, debt) in Debts)
        {
            Debt next;
            if (debt.IsDue)
                next = debt.Send(_self, ++number, now, settings);
            else if (debt.UnderWay is not null && debt.RepeatAt <= now)
                next = debt.Repeat(now, settings);
            else
                continue;
            debts = debts.SetItem(node, next);
            send.Add((node, next.UnderWay!));
        }

        return (this with { Debts = debts, LastNumber = number }, send.DrainToImmutable());
    }

    private Ledger Learn(int node, TokensRevoked revoked)
    {
        var tokens = TokenSet.Of(revoked);
        var known = Kept.GetValueOrDefault(tokens);
        var merged = known?.With(revoked) ?? revoked;
        if (merged == known)
            return this;
        // Together they may say more than either has told anybody; then it is this node's to tell.
        return merged == revoked
            ? this with { Kept = Kept.SetItem(tokens, merged), LearnedFrom = LearnedFrom.SetItem(tokens, node) }
            : Owe(tokens, merged);
    }

    private Ledger Owe(TokenSet tokens, TokensRevoked revoked) => this with
    {
        Kept = Kept.SetItem(tokens, revoked),
        LearnedFrom = LearnedFrom.Remove(tokens),
        Debts = Each(debt => debt.Owe(tokens, revoked)),
    };

    private ImmutableDictionary<int, Debt> Each(Func<Debt, Debt> change)
    {
        var debts = Debts;
        foreach (var (node, debt) in Debts)
        {
            var next = change(debt);
            if (!ReferenceEquals(next, debt))
                debts = debts.SetItem(node, next);
        }

        return debts;
    }
}
