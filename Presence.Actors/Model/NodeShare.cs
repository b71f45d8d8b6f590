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
/// <see cref="Window"/> they are merged into the next report, which keeps the chain since reports bring the page to the present state.
/// </para>
/// <para>
/// A report of a large page may tell only what has changed since the report before. Every repeated report is whole, so that whatever was
/// lost, a home that could not use a difference gets the page.
/// </para>
/// </remarks>
public sealed record NodeShare
{
    /// <summary>How many reports may be under way, unaccepted, before further changes wait and are merged.</summary>
    public const int Window = 16;

    /// <summary>A relay's knowledge of a subject that it has no business with.</summary>
    public static readonly NodeShare None = new();

    // Nobody outside sees a share change: a step copies it once, and completes the copy.
    private NodeShare()
    {
    }

    /// <summary>The statuses of this node's connections, as the connections last set them.</summary>
    public ImmutableArray<SessionStatus> Own { get; private set; } = [];

    /// <summary>The version of <see cref="Own"/> and <see cref="IsWatching"/>.</summary>
    public long Version { get; private set; }

    /// <summary>Whether this node has followers of the subject.</summary>
    public bool IsWatching { get; private set; }

    /// <summary>What the followers have been shown; empty unless watching.</summary>
    public Book Book { get; private set; } = Book.Empty;

    /// <summary>The highest version that a home has accepted.</summary>
    public long Accepted { get; private set; }

    // The version in which this relay began to watch: once that is accepted, the book is what the home knows.
    private long WatchingSince { get; set; }

    // Pages that have been reported and not accepted yet, oldest first.
    private ImmutableArray<Page> UnderWay { get; set; } = [];

    /// <summary>Whether changes wait to be merged into the next report.</summary>
    public bool HasUnsent { get; private set; }

    /// <summary>Whether changes wait and no report is under way whose acceptance would send them.</summary>
    public bool HasOnlyUnsent => HasUnsent && UnderWay.IsEmpty;

    // The page of the last report, from which the next may tell the difference; null if that page is small.
    private Page? Sent { get; set; }

    // Whether the book has grown since the last report, whose digest thus does not name all of it.
    private bool HasLearned { get; set; }

    // The life of the home that is known; 0 for none.
    private long Incarnation { get; set; }

    // The number of its last change when it accepted what it accepted last.
    private long AcceptedAt { get; set; }

    // The number of its last change when it first accepted that this node watches. Changes up to this number may have been told to an
    // earlier watch of this node.
    private long WatchedFrom { get; set; }

    // The version of the report that followed on a change of which a part was not taken: the answers to those before it may bring what has
    // left by that change, and no later answer would say that it has, as its relay was in no digest.
    private long AnsweredFrom { get; set; }

    // Up to which number all its changes are known.
    private long Sequence { get; set; }

    // The highest number that it has told, be it after a gap.
    private long Heard { get; set; }

    /// <summary>Whether a home has accepted that this node watches, so that the book answers a follow.</summary>
    public bool IsSettled => IsWatching && Accepted >= WatchingSince;

    /// <summary>Whether something is unaccepted, and must be sent again when no answer comes.</summary>
    public bool IsOwed => HasUnsent || !UnderWay.IsEmpty;

    /// <summary>Whether nothing is left to stand for. Forgetting is safe: the relay's version counter goes on.</summary>
    public bool IsForgettable => Own.IsEmpty && !IsWatching && !IsOwed;

    /// <summary>The step that changes nothing.</summary>
    internal Step Stay => new(this, [], null);

    /// <summary>A connection of this node shows a status. An update that is older than what is known changes nothing.</summary>
    /// <param name="status">The status.</param>
    /// <param name="version">For the report.</param>
    /// <param name="mayReport">False: the change waits and is merged with those that follow, until a report is sent.</param>
    public Step Put(SessionStatus status, long version, bool mayReport = true) => Stepped(Showing(status, version), version, mayReport);

    /// <summary>A connection of this node shows nothing any more; nothing changes if it showed nothing.</summary>
    /// <param name="session">The session of the connection.</param>
    /// <param name="version">For the report.</param>
    /// <param name="mayReport">As for <see cref="Put"/>.</param>
    public Step Remove(SessionId session, long version, bool mayReport = true)
    {
        for (var i = 0; i < Own.Length; i++)
        {
            if (Own[i].Session == session)
                return Report(this with { Own = Own.RemoveAt(i), Version = version }, version, mayReport: mayReport);
        }

        return Stay;
    }

    /// <summary>The first follower of this node has come.</summary>
    public Step Watch(long version) => Stepped(Watching(version), version);

    /// <summary>
    /// A connection of this node comes that follows the subject and, if it has one, shows a status: one report says both.
    /// </summary>
    public Step Enter(SessionStatus? status, long version)
    {
        var next = Watching(version);
        return Stepped(status is null ? next : next.Showing(status, version), version);
    }

    /// <summary>The last follower of this node has gone.</summary>
    public Step Unwatch(long version) =>
        IsWatching ? Report(this with { IsWatching = false, Book = Book.Empty, Version = version }, version) : Stay;

    /// <summary>A home has taken a report of this relay.</summary>
    /// <param name="accepted">What it says.</param>
    /// <param name="self">This relay.</param>
    /// <param name="departed">The nodes that are gone.</param>
    /// <param name="version">For the report, if one is to be sent.</param>
    /// <param name="mayReport">Whether changes that wait may be reported now.</param>
    public Step Accept(ReportAccepted accepted, RelayId self, Departed departed, long version, bool mayReport = true)
    {
        if (accepted.IsPart)
            return IsWatching && !IsOfThePast(accepted) ? TakePart(accepted, departed) : Stay;
        if (LacksPart(accepted, departed))
            return Resend(this with { }, version, []);
        Page? confirmed = null;
        var underWay = UnderWay;
        var count = 0;
        while (count < underWay.Length && underWay[count].Version <= accepted.Version)
            confirmed = underWay[count++];
        underWay = count == underWay.Length ? [] : underWay.RemoveRange(0, count);

        var next = this with { Accepted = Math.Max(Accepted, accepted.Version), UnderWay = underWay };
        // What answers a report from before this watch, or comes behind a later answer, brings nothing that this relay has to know,
        // and may bring what has left since.
        var isSameLife = accepted.Incarnation == Incarnation;
        var isOfThePast = IsOfThePast(accepted);
        if (!isOfThePast)
        {
            next.Incarnation = accepted.Incarnation;
            next.AcceptedAt = accepted.Sequence;
            next.Sequence = isSameLife ? Math.Max(Sequence, accepted.Sequence) : accepted.Sequence;
            next.Heard = isSameLife ? Math.Max(Heard, accepted.Sequence) : accepted.Sequence;
            next.WatchedFrom = isSameLife ? WatchedFrom : accepted.Sequence;
        }

        var changes = ImmutableArray<StatusChange>.Empty;
        if (IsWatching)
        {
            if (confirmed is not null)
                changes = next.Take(self, confirmed, Departed.Nobody);
            if (!isOfThePast)
            {
                var known = next.Book;
                var news = next.Take(accepted.Newer, departed);
                changes = changes.IsEmpty ? news : changes.AddRange(news);
                next.HasLearned = HasLearned || !ReferenceEquals(next.Book, known);
            }
        }

        if (next.HasUnsent)
            return Report(next, version, changes, mayReport);
        // A life of the home that this relay had not met answers to something old: it may know no newer page of this relay, and
        // nothing of what another life has told since. Nobody else may be left to tell it.
        var isBehind = !isSameLife && (HasLearned || (accepted.Version < Version && !next.IsOwed));
        return isBehind ? Resend(next, version, changes) : new Step(next, changes, null);
    }

    private bool IsOfThePast(ReportAccepted accepted) =>
        (IsWatching && accepted.Version < Math.Max(WatchingSince, AnsweredFrom))
        || (accepted.Incarnation == Incarnation && (accepted.Version, accepted.Sequence).CompareTo((Accepted, AcceptedAt)) < 0);

    // The answer itself decides what is accepted.
    private Step TakePart(ReportAccepted part, Departed departed)
    {
        var next = this with { };
        var changes = next.Take(part.Newer, departed);
        next.HasLearned = HasLearned || !ReferenceEquals(next.Book, Book);
        return new Step(next, changes, null);
    }

    private bool LacksPart(ReportAccepted accepted, Departed departed)
    {
        foreach (var (relay, version) in accepted.Ahead)
        {
            if (IsWatching && !departed.Includes(relay) && !(Book[relay]?.Version >= version))
                return true;
        }

        return false;
    }

    /// <summary>
    /// A home has told of a change. A gap in its sequence, a difference from a page that is not known, or a life of the home that this
    /// relay has not reported to, means that something may have been missed: the relay reports again, and the answer brings what it lacks.
    /// </summary>
    /// <param name="change">What it tells.</param>
    /// <param name="departed">The nodes that are gone.</param>
    /// <param name="version">For the report, if one is to be sent.</param>
    public Step Changed(PresenceChanged change, Departed departed, long version)
    {
        if (!IsWatching)
            return Resend(version);
        // Beyond this change already: a relay that is not in the book by now has left since, and would not be told to leave again.
        var isOfThePast = change.Incarnation == Incarnation && change.Sequence <= Sequence;
        // It merges changes of an earlier watch, and lacks the changes between the watches: a page of it may have been retired there.
        var beginsBefore = change.Incarnation == Incarnation && change.Since <= WatchedFrom;
        var pages = isOfThePast || beginsBefore ? OfThoseInTheBook(change.Pages) : change.Pages;
        var next = this with { };
        var (changes, isGap) = next.Take(pages, departed);
        var isCut = !isOfThePast && pages.Length < change.Pages.Length;
        if (isGap || isCut)
        {
            next.AnsweredFrom = isCut ? version : AnsweredFrom;
            // A version of its own: the answer to a report from before the gap does not close it.
            (next.HasLearned, next.Heard) = (true, Math.Max(Heard, change.Sequence));
            return Resend(next, version, changes);
        }

        if (isOfThePast)
            return new Step(next, changes, null);
        next.HasLearned = HasLearned || !ReferenceEquals(next.Book, Book);
        if (change.Incarnation != Incarnation)
            return Resend(next, version, changes);
        next.Sequence = change.Since <= Sequence + 1 ? change.Sequence : Sequence;
        next.Heard = Math.Max(Heard, change.Sequence);
        return change.Since > Heard + 1 ? Resend(next, version, changes) : new Step(next, changes, null);
    }

    /// <summary>
    /// Relays are gone for good: their sessions leave, without waiting for any home to say so. Their pages are dropped: what homes still
    /// tell of them is refused, since their nodes have departed.
    /// </summary>
    public Step Retire(Departed departed)
    {
        var gone = Book.Pages.Where(p => !p.Page.IsRetired && departed.Includes(p.Relay)).ToList();
        if (gone.Count == 0)
            return Stay;
        var next = this with { };
        var changes = next.Take([.. gone.Select(p => new BookPage(p.Relay, Page.Retired))], Departed.Nobody);
        next.Book = next.Book.WithoutRetired(departed.Includes);
        return new Step(next, changes, null);
    }

    /// <summary>
    /// The report is to be sent again: no answer came, the home has moved, it asked, or it was time to. Brings the present
    /// state, so it stands for whatever was under way.
    /// </summary>
    /// <param name="version">
    /// A version of its own for a report that names more than the one before: or else the acceptance of that one would be taken
    /// for its acceptance, and nobody would notice that it was lost.
    /// </param>
    public Step Resend(long version) => Resend(this with { }, version, []);

    /// <summary>
    /// No home can be reached within the patience of a request: the node's own page is shown as it is. It is the truth whatever
    /// a home says later; what other nodes know comes as changes when a home is found.
    /// </summary>
    public Step SettleAlone(RelayId self)
    {
        if (!IsWatching)
            return Stay;
        var next = this with { };
        var changes = next.Take(self, new Page(Version, Own), Departed.Nobody);
        return new Step(next, changes, null);
    }

    /// <summary>The report of the present state.</summary>
    /// <param name="subject">What it is about.</param>
    /// <param name="self">This relay.</param>
    /// <param name="page">The page as the step says that it is to be reported.</param>
    public NodeReport ToReport(Subject subject, RelayId self, PageUpdate page) => new(subject, self, page, IsWatching, Book.Digest);

    private NodeShare Showing(SessionStatus status, long version)
    {
        for (var i = 0; i < Own.Length; i++)
        {
            if (Own[i].Session == status.Session)
                return Own[i].Revision >= status.Revision ? this : this with { Own = Own.SetItem(i, status), Version = version };
        }

        return this with { Own = Own.Add(status), Version = version };
    }

    private NodeShare Watching(long version) =>
        IsWatching ? this : this with { IsWatching = true, WatchingSince = version, Version = version, Incarnation = 0 };

    private Step Stepped(NodeShare next, long version, bool mayReport = true) =>
        ReferenceEquals(next, this) ? Stay : Report(next, version, mayReport: mayReport);

    // ---- what follows works on a copy that only the step has yet

    private static Step Report(NodeShare next, long version, ImmutableArray<StatusChange> changes = default, bool mayReport = true)
    {
        if (mayReport && next.UnderWay.Length < Window)
            return Send(next, version, changes, next.Sent);
        next.HasUnsent = true;
        return new Step(next, changes.IsDefault ? [] : changes, null);
    }

    private static Step Resend(NodeShare next, long version, ImmutableArray<StatusChange> changes) => Send(next, version, changes, null);

    /// <summary>Reports the page: as the difference from the last reported one, where that is smaller, or whole.</summary>
    private static Step Send(NodeShare next, long version, ImmutableArray<StatusChange> changes, Page? since)
    {
        if (next.HasLearned)
            (next.Version, next.HasLearned) = (version, false);
        if (next.UnderWay.IsEmpty || next.UnderWay[^1].Version != next.Version)
            next.UnderWay = next.UnderWay.Add(new Page(next.Version, next.Own));
        next.HasUnsent = false;
        var page = next.UnderWay[^1];
        next.Sent = page.IsLarge ? page : null;
        return new Step(next, changes.IsDefault ? [] : changes, Page.Update(since, page));
    }

    private (ImmutableArray<StatusChange> Changes, bool IsGap) Take(ImmutableArray<BookUpdate> updates, Departed departed)
    {
        var changes = ImmutableArray<StatusChange>.Empty;
        var isGap = false;
        foreach (var (relay, update) in updates)
        {
            var known = Book[relay];
            if (known is not null && known.Version >= update.Version)
                continue;
            if (update.ApplyTo(known) is not { } page)
            {
                isGap |= !departed.Includes(relay);
                continue;
            }

            var more = Take(relay, page, departed);
            changes = changes.IsEmpty ? more : changes.AddRange(more);
        }

        return (changes, isGap);
    }

    private ImmutableArray<StatusChange> Take(ImmutableArray<BookPage> pages, Departed departed)
    {
        var changes = ImmutableArray<StatusChange>.Empty;
        foreach (var (relay, page) in pages)
        {
            var more = Take(relay, page, departed);
            changes = changes.IsEmpty ? more : changes.AddRange(more);
        }

        return changes;
    }

    private ImmutableArray<StatusChange> Take(RelayId relay, Page page, Departed departed)
    {
        // A home that has not noticed yet may still speak of a relay that is gone.
        if (departed.Includes(relay) && !page.IsRetired)
            return [];
        var before = Book;
        Book = before.Merge(relay, page);
        if (ReferenceEquals(Book, before))
            return [];
        var changes = Page.Difference(before.ReplacedBy(relay), page);
        if (page.IsRetired)
            Book = Book.WithoutRetired(departed.Includes);
        return changes;
    }

    private ImmutableArray<BookUpdate> OfThoseInTheBook(ImmutableArray<BookUpdate> pages) =>
        pages.RemoveAll(p => Book.ReplacedBy(p.Relay) is null);

    /// <summary>What a step leads to.</summary>
    /// <param name="Next">The next state.</param>
    /// <param name="Changes">What the followers are to be told.</param>
    /// <param name="Report">The page of which <see cref="ToReport"/> of the next state is to be sent; null if no report is.</param>
    public readonly record struct Step(NodeShare Next, ImmutableArray<StatusChange> Changes, PageUpdate? Report)
    {
        /// <summary>Whether a report is to be sent.</summary>
        public bool MustReport => Report is not null;
    }
}
