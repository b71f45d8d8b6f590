using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Actors.Messages;

/// <summary>Everything that travels between nodes, and so has a place in the versioned schema (contract K6).</summary>
public interface IClusterMessage;

/// <summary>Goes through the shard region to the home of its subject.</summary>
public interface IHomeMessage : IClusterMessage
{
    /// <summary>What the message is about; decides which home it goes to.</summary>
    Subject Subject { get; }
}

/// <summary>
/// Relay to home: everything that the relay stands for in this subject. Versioned, so it may be lost, repeated or overtaken; sent again,
/// whole, until it is accepted, and now and then after that.
/// </summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Relay">Who reports; the sender is its actor.</param>
/// <param name="Page">The relay's page, or what has changed in it since the report before.</param>
/// <param name="Watching">Whether the relay has followers, and so wants to be told of changes.</param>
/// <param name="Digest">How far the relay's own book goes; names to a new home the relays that it must ask.</param>
public sealed record NodeReport(Subject Subject, RelayId Relay, PageUpdate Page, bool Watching, ImmutableArray<Known> Digest)
    : IHomeMessage;

/// <summary>
/// Home to relay: a report has been taken. The sender is the home's shard, so that the relay can watch the shard instead of
/// every home in it.
/// </summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Version">The version of the report.</param>
/// <param name="Incarnation">Which life of the home this is.</param>
/// <param name="Sequence">The number of the last change that the home told its watchers.</param>
/// <param name="Holds">Whether the home holds anything for the relay: sessions, or an interest.</param>
/// <param name="Newer">The pages that the relay lacks by its digest; empty unless it is watching.</param>
/// <param name="IsNewEntity">Whether the report was the first of all to the entity of a user: it was created for it.</param>
public sealed record ReportAccepted(
    Subject Subject, long Version, long Incarnation, long Sequence, bool Holds, ImmutableArray<BookPage> Newer, bool IsNewEntity = false)
    : IClusterMessage
{
    /// <summary>
    /// Whether this brings some of the pages only, and the answer itself follows. A message above the frame limit of the connection between
    /// two nodes would be lost each time.
    /// </summary>
    public bool IsPart { get; init; }

    /// <summary>The pages that were sent ahead in parts: a relay that does not know all of them has lost a part, and reports again.</summary>
    public ImmutableArray<Known> Ahead { get; init; } = [];
}

/// <summary>
/// Home to every watching relay but the one that reported it: a page has changed. Changes that wait for the same node on the
/// way become one (<see cref="Then"/>), which stands for all of them.
/// </summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Incarnation">Which life of the home this is.</param>
/// <param name="Since">The number of the first change that this stands for.</param>
/// <param name="Sequence">The number of the last one. Numbers count the changes of a life; a gap means that one was lost.</param>
/// <param name="Pages">The new pages or what has changed in them, one per relay.</param>
public sealed record PresenceChanged(
    Subject Subject, long Incarnation, long Since, long Sequence, ImmutableArray<BookUpdate> Pages) : IClusterMessage
{
    /// <summary>One change.</summary>
    public PresenceChanged(Subject subject, long incarnation, long sequence, BookUpdate page)
        : this(subject, incarnation, sequence, sequence, [page])
    {
    }

    /// <summary>The most bytes that it can take on the way to another node.</summary>
    public long MaxBytes
    {
        get
        {
            // Ids, numbers and tags take less than 64.
            var bytes = 64L + (3L * (Subject.Name?.Length ?? 0));
            foreach (var page in Pages)
                bytes += page.Page.MaxBytes;
            return bytes;
        }
    }

    /// <summary>
    /// This change and the one that its home told of after it as one: of each page the newer, and the numbers of both. If a new
    /// life of the home has begun between them, the relay reconciles with that life in any case.
    /// </summary>
    public PresenceChanged Then(PresenceChanged next)
    {
        var pages = Pages;
        foreach (var page in next.Pages)
        {
            var at = IndexOf(pages, page.Relay);
            if (at < 0)
                pages = pages.Add(page);
            else if (pages[at].Page.Version < page.Page.Version)
                pages = pages.SetItem(at, new BookUpdate(page.Relay, Merge(pages[at].Page, page.Page)));
        }

        return next with { Since = next.Incarnation == Incarnation ? Math.Min(Since, next.Since) : next.Since, Pages = pages };
    }

    // A difference that does not start where the one before ends is of no use to the relay, which finds that out and reports again.
    private static PageUpdate Merge(PageUpdate first, PageUpdate next) => (first, next) switch
    {
        (Page page, PageDifference difference) => difference.ApplyTo(page) ?? next,
        (PageDifference before, PageDifference after) when after.StartsAt(before.Version) => before.Then(after),
        _ => next,
    };

    private static int IndexOf(ImmutableArray<BookUpdate> pages, RelayId relay)
    {
        for (var i = 0; i < pages.Length; i++)
        {
            if (pages[i].Relay == relay)
                return i;
        }

        return -1;
    }
}

/// <summary>Home to a relay that others know of, or that has been silent: report.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Relay">Who is asked.</param>
public sealed record AskReport(Subject Subject, RelayId Relay) : IClusterMessage;

/// <summary>A node to a home that asked for one of its relays: that relay is no more.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Relay">The relay that is gone for good.</param>
public sealed record RelayRetired(Subject Subject, RelayId Relay) : IHomeMessage;

/// <summary>Anybody to a home: what is shown at this moment? Answered with <see cref="BookAnswer"/>; leaves no trace.</summary>
/// <param name="Subject">What it is about.</param>
public sealed record BookQuery(Subject Subject) : IHomeMessage;

/// <summary>Home to whoever queried: whether the subject shows anything, and what.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="Sessions">The visible sessions that the home knows of, each once, at most <see cref="MaxSessions"/> of them.</param>
public sealed record BookAnswer(Subject Subject, ImmutableArray<SessionStatus> Sessions) : IClusterMessage
{
    /// <summary>How many sessions are told: those of a username are its users, of whom as many are told in the end.</summary>
    public const int MaxSessions = PresenceFound.MaxUsers;
}
