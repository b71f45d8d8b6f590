using System.Collections.Immutable;
using Presence.Actors.Messages;

namespace Presence.Actors.Model;

/// <summary>
/// What a relay knows and owes of one subject. Pure: every step returns the next state, what followers are to be told,
/// and whether a report is to be sent.
/// </summary>
/// <remarks>
/// <para>
/// The two ends of the protocol are this and <see cref="Home"/>. A relay is the only writer of its page; its version is the
/// relay's one counter, which never goes back, so that "newer" can be told from "older" whatever happens on the way. A relay
/// shows its followers nothing but the difference between the book as it was and as it is, so that every change starts where
/// the last one ended (contract E2) by construction.
/// </para>
/// <para>
/// A change of the node's own page is shown to the node's followers when the home has accepted it, not before: the reply to
/// whoever made the change comes first (protocol difference 0.2), and a follow that starts on another node after that reply
/// finds the change at the home (contract S7). Each change is a report of its own while few are unaccepted; beyond
/// <see cref="Window"/> they are merged into the next report, which keeps the chain since reports are whole.
/// </para>
/// </remarks>
public sealed record NodeShare
{
    /// <summary>How many reports may be under way, unaccepted, before further changes wait and are merged.</summary>
    public const int Window = 16;

    /// <summary>A relay's knowledge of a subject that it has no business with.</summary>
    public static readonly NodeShare None = new();

    private NodeShare()
    {
    }

    /// <summary>The statuses of this node's connections, as the connections last set them.</summary>
    public ImmutableArray<SessionStatus> Own { get; private init; } = [];

    /// <summary>The version of <see cref="Own"/> and <see cref="IsWatching"/>.</summary>
    public long Version { get; private init; }

    /// <summary>Whether this node has followers of the subject.</summary>
    public bool IsWatching { get; private init; }

    /// <summary>What the followers have been shown; empty unless watching.</summary>
    public Book Book { get; private init; } = Book.Empty;

    /// <summary>The highest version that a home has accepted.</summary>
    public long Accepted { get; private init; }

    // The version in which this relay began to watch: once that is accepted, the book is what the home knows.
    private long WatchingSince { get; init; }

    // Pages that have been reported and not accepted yet, oldest first.
    private ImmutableArray<Page> UnderWay { get; init; } = [];

    private bool HasUnsent { get; init; }

    private long Incarnation { get; init; }

    private long Sequence { get; init; }

    /// <summary>Whether a home has accepted that this node watches, so that the book answers a follow.</summary>
    public bool IsSettled => IsWatching && Accepted >= WatchingSince;

    /// <summary>Whether something is unaccepted, and must be sent again when no answer comes.</summary>
    public bool IsOwed => HasUnsent || !UnderWay.IsEmpty;

    /// <summary>Whether nothing is left to stand for. Forgetting is safe: the relay's version counter goes on.</summary>
    public bool IsForgettable => Own.IsEmpty && !IsWatching && !IsOwed;

    /// <summary>A connection of this node shows a status. An update that is older than what is known changes nothing.</summary>
    public Step Put(SessionStatus status, long version)
    {
        for (var i = 0; i < Own.Length; i++)
        {
            if (Own[i].Session == status.Session)
                return Own[i].Revision >= status.Revision ? Stay : Report(this with { Own = Own.SetItem(i, status), Version = version });
        }

        return Report(this with { Own = Own.Add(status), Version = version });
    }

    /// <summary>A connection of this node shows nothing any more; nothing changes if it showed nothing.</summary>
    public Step Remove(SessionId session, long version)
    {
        for (var i = 0; i < Own.Length; i++)
        {
            if (Own[i].Session == session)
                return Report(this with { Own = Own.RemoveAt(i), Version = version });
        }

        return Stay;
    }

    /// <summary>The first follower of this node has come.</summary>
    public Step Watch(long version) =>
        IsWatching ? Stay : Report(this with { IsWatching = true, WatchingSince = version, Version = version });

    /// <summary>The last follower of this node has gone.</summary>
    public Step Unwatch(long version) =>
        IsWatching ? Report(this with { IsWatching = false, Book = Book.Empty, Version = version }) : Stay;

    /// <summary>A home has taken a report of this relay.</summary>
    public Step Accept(ReportAccepted accepted, RelayId self, Departed departed)
    {
        Page? confirmed = null;
        var underWay = UnderWay;
        while (!underWay.IsEmpty && underWay[0].Version <= accepted.Version)
        {
            confirmed = underWay[0];
            underWay = underWay.RemoveAt(0);
        }

        var next = this with
        {
            Accepted = Math.Max(Accepted, accepted.Version),
            UnderWay = underWay,
            Incarnation = accepted.Incarnation,
            Sequence = accepted.Incarnation == Incarnation ? Math.Max(Sequence, accepted.Sequence) : accepted.Sequence,
        };
        var changes = ImmutableArray<StatusChange>.Empty;
        if (IsWatching)
        {
            if (confirmed is not null)
                (next, changes) = next.Merge([new BookPage(self, confirmed)], Departed.Nobody);
            (next, var news) = next.Merge(accepted.Newer, departed);
            changes = changes.IsEmpty ? news : changes.AddRange(news);
        }

        return next.HasUnsent ? Report(next) with { Changes = changes } : new Step(next, changes, false);
    }

    /// <summary>
    /// A home has told of a change. A gap in its sequence, or a life of it that this relay has not reported to, means that
    /// something may have been missed: the relay reports again, and the answer brings what it lacks.
    /// </summary>
    public Step Changed(PresenceChanged change, Departed departed)
    {
        if (!IsWatching)
            return Resend();
        var (next, changes) = Merge(change.Pages, departed);
        if (change.Incarnation != Incarnation)
            return next.Resend() with { Changes = changes };
        if (change.Sequence <= Sequence)
            return new Step(next, changes, false);
        var gap = change.Since > Sequence + 1;
        next = next with { Sequence = change.Sequence };
        return gap ? next.Resend() with { Changes = changes } : new Step(next, changes, false);
    }

    /// <summary>
    /// Relays are gone for good: their sessions leave, without waiting for any home to say so.
    /// </summary>
    public Step Retire(Departed departed)
    {
        var gone = Book.Pages.Where(p => !p.Page.IsRetired && departed.Includes(p.Relay)).ToList();
        if (gone.Count == 0)
            return Stay;
        var (next, changes) = Merge([.. gone.Select(p => new BookPage(p.Relay, Page.Retired))], Departed.Nobody);
        return new Step(next, changes, false);
    }

    /// <summary>
    /// The report is to be sent again: no answer came, the home has moved, it asked, or it was time to. Brings the present
    /// state, so it stands for whatever was under way.
    /// </summary>
    public Step Resend()
    {
        var known = !UnderWay.IsEmpty && UnderWay[^1].Version == Version;
        return new Step(
            this with { HasUnsent = false, UnderWay = known ? UnderWay : UnderWay.Add(new Page(Version, Own)) }, [], true);
    }

    /// <summary>
    /// No home can be reached within the patience of a request: the node's own page is shown as it is. It is the truth whatever
    /// a home says later; what other nodes know comes as changes when a home is found.
    /// </summary>
    public Step SettleAlone(RelayId self)
    {
        if (!IsWatching)
            return Stay;
        var (next, changes) = Merge([new BookPage(self, new Page(Version, Own))], Departed.Nobody);
        return new Step(next, changes, false);
    }

    /// <summary>The report of the present state.</summary>
    public NodeReport ToReport(Subject subject, RelayId self) =>
        new(subject, self, new Page(Version, Own), IsWatching, Book.Digest);

    private Step Stay => new(this, [], false);

    private static Step Report(NodeShare next) =>
        next.UnderWay.Length < Window ? next.Resend() : new Step(next with { HasUnsent = true }, [], false);

    private (NodeShare Next, ImmutableArray<StatusChange> Changes) Merge(ImmutableArray<BookPage> pages, Departed departed)
    {
        var book = Book;
        var changes = ImmutableArray<StatusChange>.Empty;
        foreach (var (relay, page) in pages)
        {
            // A home that has not noticed yet may still speak of a relay that is gone.
            if (departed.Includes(relay) && !page.IsRetired)
                continue;
            var merged = book.Merge(relay, page);
            if (ReferenceEquals(merged, book))
                continue;
            changes = changes.AddRange(Page.Difference(book[relay], page));
            book = merged;
        }

        return (ReferenceEquals(book, Book) ? this : this with { Book = book }, changes);
    }

    /// <summary>What a step leads to.</summary>
    /// <param name="Next">The next state.</param>
    /// <param name="Changes">What the followers are to be told.</param>
    /// <param name="MustReport">Whether <see cref="ToReport"/> of the next state is to be sent.</param>
    public readonly record struct Step(NodeShare Next, ImmutableArray<StatusChange> Changes, bool MustReport);
}
