using System.Collections.Immutable;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Announcements;

/// <summary>
/// What this node owes one other: the facts that it has not accepted, of which some may be under way. One announcement is under
/// way at a time; what comes meanwhile is the next one's.
/// </summary>
internal sealed record Debt
{
    // The numbers and keys around the texts, in bytes; rather too much than too little.
    private const int Frame = 48;

    /// <summary>What is owed to a node that has just been met: everything that is kept, be it nothing.</summary>
    public Debt(ImmutableDictionary<TokenSet, TokensRevoked> kept) => Revoked = kept;

    /// <summary>The revocations that are owed.</summary>
    public ImmutableDictionary<TokenSet, TokensRevoked> Revoked { get; private init; }

    /// <summary>The connections that are owed, of each user the newest.</summary>
    public ImmutableDictionary<UserId, SessionId> Opened { get; private init; } = ImmutableDictionary<UserId, SessionId>.Empty;

    /// <summary>Whether the other node has accepted anything: it is told that it knows everything, even if that is nothing.</summary>
    public bool IsGreeted { get; private init; }

    /// <summary>Whether the other node has said that it has told everything.</summary>
    public bool HasToldAll { get; init; }

    /// <summary>What is under way; null if nothing is.</summary>
    public Announcement? UnderWay { get; private init; }

    /// <summary>When that is to be repeated.</summary>
    public TimeSpan RepeatAt { get; private init; }

    private TimeSpan Wait { get; init; }

    /// <summary>Whether something waits to be sent for the first time.</summary>
    public bool IsDue => UnderWay is null && !(IsGreeted && Revoked.IsEmpty && Opened.IsEmpty);

    /// <summary>This, and a revocation more.</summary>
    public Debt Owe(TokenSet tokens, TokensRevoked revoked) => this with { Revoked = Revoked.SetItem(tokens, revoked) };

    /// <summary>This, and a connection more, unless a newer one of the user is owed already.</summary>
    public Debt Owe(SessionOpened opened) => Opened.TryGetValue(opened.User, out var owed) && !opened.Session.IsNewerThan(owed)
        ? this
        : this with { Opened = Opened.SetItem(opened.User, opened.Session) };

    /// <summary>This without a connection, which has ended: it is told to nobody any more, be it as a repetition.</summary>
    public Debt Cancel(SessionOpened ended)
    {
        var opened = Opened.TryGetValue(ended.User, out var owed) && owed == ended.Session ? Opened.Remove(ended.User) : Opened;
        var underWay = UnderWay is not null && UnderWay.Opened.Contains(ended) ? UnderWay with { Opened = UnderWay.Opened.Remove(ended) } : UnderWay;
        return ReferenceEquals(opened, Opened) && ReferenceEquals(underWay, UnderWay) ? this : this with { Opened = opened, UnderWay = underWay };
    }

    /// <summary>This without the revocations that have expired.</summary>
    public Debt Forget(DateTimeOffset now) =>
        this with { Revoked = Revoked.RemoveRange(Revoked.Where(r => r.Value.ExpiresAt <= now).Select(r => r.Key)) };

    /// <summary>Puts as much as fits into an announcement, which is under way from now.</summary>
    public Debt Send(int self, long number, TimeSpan now, AnnouncementSettings settings)
    {
        var size = 0;
        // Connections first: a node that has joined may be owed very many revocations.
        var opened = Opened.TakeWhile(_ => Fits(Frame)).Select(o => new SessionOpened(o.Key, o.Value)).ToImmutableArray();
        var revoked = Revoked.Values.TakeWhile(r => Fits(Frame + (3 * (r.TokenId?.Length ?? 0)))).ToImmutableArray();
        return this with
        {
            UnderWay = new Announcement(
                self, number, revoked, opened, revoked.Length == Revoked.Count && opened.Length == Opened.Count),
            RepeatAt = now + settings.RetryAfter,
            Wait = settings.RetryAfter,
        };

        // The first always does.
        bool Fits(int bytes)
        {
            var fits = size == 0 || size + bytes <= settings.BatchBytes;
            size += bytes;
            return fits;
        }
    }

    /// <summary>What is under way is under way once more.</summary>
    public Debt Repeat(TimeSpan now, AnnouncementSettings settings)
    {
        var wait = 2 * Wait < settings.RetryAtMost ? 2 * Wait : settings.RetryAtMost;
        return this with { Wait = wait, RepeatAt = now + wait };
    }

    /// <summary>
    /// The other node has accepted an announcement. That settles what it said, and nothing that has been added since.
    /// </summary>
    public Debt Settle(long number)
    {
        if (UnderWay is null || UnderWay.Number != number)
            return this;
        return this with
        {
            Revoked = Revoked.RemoveRange(UnderWay.Revoked
                .Where(told => Revoked.TryGetValue(TokenSet.Of(told), out var owed) && owed == told).Select(TokenSet.Of)),
            Opened = Opened.RemoveRange(UnderWay.Opened
                .Where(told => Opened.TryGetValue(told.User, out var owed) && owed == told.Session).Select(told => told.User)),
            IsGreeted = true,
            UnderWay = null,
        };
    }
}

/// <summary>Names the tokens that a revocation is about: two of the same name are merged.</summary>
/// <param name="User">Whose tokens.</param>
/// <param name="TokenId">The login; null: by when they were issued.</param>
internal readonly record struct TokenSet(UserId User, string? TokenId)
{
    /// <summary>The name of what a revocation is about.</summary>
    public static TokenSet Of(TokensRevoked revoked) => new(revoked.User, revoked.TokenId);
}
