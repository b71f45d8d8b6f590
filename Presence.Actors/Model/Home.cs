using System.Collections.Immutable;
using Presence.Actors.Messages;

namespace Presence.Actors.Model;

/// <summary>
/// What the home of a subject knows: the rendezvous of the relays that show something of it and the relays that watch it.
/// Pure: every step returns the next state and what is to be sent.
/// </summary>
/// <remarks>
/// <para>
/// A home is soft state. It may stop at any time and begin again elsewhere knowing nothing, so absence means nothing: a
/// session leaves only by a newer page of its own relay, or with that relay. What a new home must learn comes from the
/// living: every relay that has business with it reports again, and names in its digest the relays that it knows of. Each
/// relay that is named and has not reported is asked, until it answers or is gone.
/// </para>
/// <para>
/// A report may come to a new home late, from a relay that has nothing left and so nothing that would make it speak. Hence
/// silence is asked about too: each relay that has a page here and was not heard between two sweeps is asked to report.
/// </para>
/// <para>
/// The relay that is gone keeps a last page here, so that a late report of it is recognised, until the relay that was started in its
/// place reports. The next sweep drops the page as well. If a report came later still, the home would watch its relay, be told that it has ended, and remove it again.
/// </para>
/// </remarks>
public sealed record Home
{
    /// <summary>A home at the start of a life.</summary>
    /// <param name="subject">What it is the home of.</param>
    /// <param name="incarnation">Names this life; no two lives of a subject's home have the same.</param>
    public Home(Subject subject, long incarnation)
    {
        Subject = subject;
        Incarnation = incarnation;
    }

    /// <summary>What this is the home of.</summary>
    public Subject Subject { get; }

    /// <summary>Which life of the home this is.</summary>
    public long Incarnation { get; }

    /// <summary>All that is known.</summary>
    public Book Book { get; private init; } = Book.Empty;

    /// <summary>The relays that are told of changes.</summary>
    public ImmutableArray<RelayId> Watchers { get; private init; } = [];

    // Relays of which somebody knows more than has been reported here, and how much.
    private ImmutableArray<Known> Named { get; init; } = [];

    // Relays that have reported since the last sweep.
    private ImmutableArray<RelayId> Heard { get; init; } = [];

    // Relays that have a page and were silent between two sweeps.
    private ImmutableArray<RelayId> Silent { get; init; } = [];

    private long Sequence { get; init; }

    /// <summary>How many bytes of pages one message has, unless one page has more; the frame limit between nodes is eight times as much.</summary>
    internal int MaxAnswerBytes { get; init; } = 512 * 1024;

    /// <summary>The relays that owe a report; they are asked again and again until they answer or are gone.</summary>
    public ImmutableArray<RelayId> Asked => [.. Named.Select(n => n.Relay).Union(Silent)];

    /// <summary>Whether any relay owes a report.</summary>
    public bool IsAsking => !Named.IsEmpty || !Silent.IsEmpty;

    /// <summary>Whether nobody would miss this home.</summary>
    public bool IsEmpty => Watchers.IsEmpty && !IsAsking && Book.ShowsNothing;

    // Usernames share their entities, so the first report on one creates none.
    private bool IsUnmet => Heard.IsEmpty && Book.Pages.IsEmpty;

    /// <summary>Whether the home has heard from a relay, or of it.</summary>
    public bool Concerns(RelayId relay) => Book[relay] is not null || IsNamed(relay) || Silent.Contains(relay);

    /// <summary>Whether the home holds anything for a relay.</summary>
    public bool Holds(RelayId relay) => Watchers.Contains(relay) || Book[relay] is { Sessions.IsEmpty: false };

    /// <summary>The answer to a query: as much as whoever queries needs, so that it stays far below the frame limit between nodes.</summary>
    public BookAnswer Answer() => new(Subject, Book.SomeSessions(BookAnswer.MaxSessions));

    /// <summary>A relay has reported.</summary>
    public Step Report(NodeReport report)
    {
        var relay = report.Relay;
        var before = Book[relay];
        if (before is { IsRetired: true })
            return new Step(this, null, null, [], []);

        // A page that is as new is known, so an older update changes nothing.
        var page = before is not null && before.Version >= report.Page.Version ? before : report.Page.ApplyTo(before);
        if (page is null)
            return Miss(relay, report.Page.Version);
        var isSame = ReferenceEquals(page, before) || Page.Difference(Book.ReplacedBy(relay), page).IsEmpty;
        if (isSame && before is { IsLarge: true })
            page = page with { SameSince = before!.SameSince };

        var book = Book.Merge(relay, page);
        var isCurrent = before is null || report.Page.Version >= before.Version;
        var named = Without(Named, relay, report.Page.Version);
        var newlyNamed = ImmutableArray<RelayId>.Empty;
        foreach (var known in report.Digest)
        {
            // That a relay is gone is all there is to know of it: nobody is left to be asked.
            if (known.IsRetired && book.ReplacedBy(known.Relay) is not { IsRetired: false })
                book = book.Merge(known.Relay, Page.Retired);
            if ((book[known.Relay]?.Version ?? long.MinValue) >= known.Version)
                continue;
            if (!Names(named, known.Relay))
                newlyNamed = newlyNamed.Add(known.Relay);
            named = Without(named, known.Relay, known.Version - 1);
            if (!Names(named, known.Relay))
                named = named.Add(known);
        }

        // Of a relay that was named, somebody has been shown more than this home has seen: to them even nothing is news.
        var isNews = !ReferenceEquals(book[relay], before) && (IsNamed(relay) || !isSame);
        var next = this with
        {
            Book = book,
            Named = named,
            Heard = Heard.Contains(relay) ? Heard : Heard.Add(relay),
            Silent = Silent.Remove(relay),
            Watchers = !isCurrent ? Watchers : report.Watching ? With(Watchers, relay) : Watchers.Remove(relay),
            Sequence = isNews ? Sequence + 1 : Sequence,
        };
        ImmutableArray<BookPage> newer = [];
        if (report.Watching)
            newer = book.NewerThan(report.Digest, relay);
        var parts = PartsOf(newer);
        var accepted = new ReportAccepted(
            Subject, report.Page.Version, Incarnation, next.Sequence, next.Holds(relay), parts[^1], IsNewEntity: Subject.Name is null && IsUnmet)
        {
            Ahead = [.. parts[..^1].SelectMany(part => part).Select(p => new Known(p.Relay, p.Page.Version))],
        };
        return new Step(
            next,
            accepted,
            isNews ? new PresenceChanged(Subject, Incarnation, next.Sequence, new BookUpdate(relay, Page.Update(IsNamed(relay) ? null : before, page))) : null,
            isNews ? next.Watchers.Remove(relay) : [],
            newlyNamed)
        {
            Parts = parts.Length == 1 ? [] : [.. parts[..^1].Select(part => accepted with { Newer = part, Ahead = [], IsPart = true })],
        };
    }

    /// <summary>
    /// A relay has told what has changed since a page that is not known here: one that has reported nothing here yet, or whose report
    /// before was lost. It is asked, and reports the whole page.
    /// </summary>
    private Step Miss(RelayId relay, long version)
    {
        var isAsked = IsNamed(relay);
        var named = Without(Named, relay, version);
        var next = this with { Named = Names(named, relay) ? named : named.Add(new Known(relay, version)) };
        return new Step(next, null, null, [], isAsked ? [] : [relay]);
    }

    /// <summary>The pages of an answer in parts that each fit into a message; there is at least one part, which may be empty.</summary>
    private ImmutableArray<ImmutableArray<BookPage>> PartsOf(ImmutableArray<BookPage> pages)
    {
        if (pages.Length <= 1)
            return [pages];
        var parts = ImmutableArray.CreateBuilder<ImmutableArray<BookPage>>();
        var (begin, bytes) = (0, 0L);
        for (var i = 0; i < pages.Length; i++)
        {
            var size = pages[i].Page.MaxBytes;
            if (i > begin && bytes + size > MaxAnswerBytes)
            {
                parts.Add(pages[begin..i]);
                (begin, bytes) = (i, 0);
            }

            bytes += size;
        }

        parts.Add(pages[begin..]);
        return parts.ToImmutable();
    }

    /// <summary>
    /// A relay is gone for good, and takes its page with it: here, where a report of it may still be late, and at every watcher.
    /// </summary>
    public Step Remove(RelayId relay)
    {
        // A relay that was named is known elsewhere for more than it is here: somebody may show sessions that this home never saw.
        var isNews = IsNamed(relay) || Book.ReplacedBy(relay) is { Sessions.IsEmpty: false };
        var next = this with
        {
            Book = Book.Merge(relay, Page.Retired),
            Watchers = Watchers.Remove(relay),
            Named = Without(Named, relay, long.MaxValue),
            Heard = Heard.Remove(relay),
            Silent = Silent.Remove(relay),
        };
        if (!isNews)
            return new Step(next, null, null, [], []);
        next = next with { Sequence = next.Sequence + 1 };
        return new Step(
            next, null, new PresenceChanged(Subject, Incarnation, next.Sequence, new BookUpdate(relay, Page.Retired)), next.Watchers, []);
    }

    /// <summary>
    /// Some time has passed in which every living relay should have spoken: those that have a page here and did not are silent
    /// and are asked. The last pages of relays that are gone are dropped: no report is under way for as long as that.
    /// </summary>
    public Home Sweep() => this with
    {
        Book = Book.WithoutRetired(static _ => true),
        Silent = [.. Book.Pages.Where(p => !p.Page.IsRetired).Select(p => p.Relay).Union(Watchers).Except(Heard)],
        Heard = [],
    };

    private bool IsNamed(RelayId relay) => Names(Named, relay);

    private static bool Names(ImmutableArray<Known> named, RelayId relay)
    {
        foreach (var n in named)
        {
            if (n.Relay == relay)
                return true;
        }

        return false;
    }

    // Nearly always nobody is named.
    private static ImmutableArray<Known> Without(ImmutableArray<Known> named, RelayId relay, long upTo) =>
        Names(named, relay) ? named.RemoveAll(n => n.Relay == relay && n.Version <= upTo) : named;

    private static ImmutableArray<RelayId> With(ImmutableArray<RelayId> relays, RelayId relay) =>
        relays.Contains(relay) ? relays : relays.Add(relay);

    /// <summary>What a step leads to.</summary>
    /// <param name="Next">The next state.</param>
    /// <param name="Accepted">The answer to the relay that reported; null if it gets none.</param>
    /// <param name="Change">What the watchers are to be told; null if nothing has changed.</param>
    /// <param name="Audience">The watchers that are to be told.</param>
    /// <param name="Ask">The relays that are to be asked now, beyond those that are asked already.</param>
    public readonly record struct Step(
        Home Next, ReportAccepted? Accepted, PresenceChanged? Change, ImmutableArray<RelayId> Audience, ImmutableArray<RelayId> Ask)
    {
        private readonly ImmutableArray<ReportAccepted> _parts;

        /// <summary>The parts of the answer that are sent ahead of it; nearly always none.</summary>
        public ImmutableArray<ReportAccepted> Parts
        {
            get => _parts.IsDefault ? [] : _parts;
            init => _parts = value;
        }
    }
}
