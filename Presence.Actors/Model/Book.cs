using System.Collections.Immutable;

namespace Presence.Actors.Model;

/// <summary>A page and the relay that wrote it.</summary>
public readonly record struct BookPage(RelayId Relay, Page Page);

/// <summary>An update of the page of a relay.</summary>
public readonly record struct BookUpdate(RelayId Relay, PageUpdate Page)
{
    /// <summary>A whole page is an update.</summary>
    public static implicit operator BookUpdate(BookPage page) => new(page.Relay, page.Page);
}

/// <summary>How far somebody's knowledge of one relay's page goes.</summary>
public readonly record struct Known(RelayId Relay, long Version)
{
    /// <summary>Whether the relay is known to be gone.</summary>
    public bool IsRetired => Version == long.MaxValue;
}

/// <summary>
/// What somebody knows of a subject: one page per relay. Books are only ever merged, page by page, the higher version
/// wins; so whatever is lost, late, repeated or out of order, no book goes back.
/// </summary>
/// <remarks>
/// A relay that is started in the place of a failed one says by its id that the failed one is gone. So its page replaces that of the
/// failed one, and a book has at most one page for each relay that there is at one time, however many have failed.
/// </remarks>
public sealed class Book
{
    /// <summary>Nothing is known.</summary>
    public static readonly Book Empty = new([]);

    // A user has one relay per node, so a handful of pages: an array is smaller and faster than any map.
    private readonly ImmutableArray<BookPage> _pages;

    private Book(ImmutableArray<BookPage> pages) => _pages = pages;

    /// <summary>The pages, in no order that means anything.</summary>
    public ImmutableArray<BookPage> Pages => _pages;

    /// <summary>The page of a relay, or null if none is known. That of a relay in whose place another has reported is its last one.</summary>
    public Page? this[RelayId relay]
    {
        get
        {
            var at = IndexOf(relay);
            if (at < 0)
                return null;
            return _pages[at].Relay == relay ? _pages[at].Page : _pages[at].Relay.Succeeds(relay) ? Page.Retired : null;
        }
    }

    /// <summary>
    /// The page that a newer page of a relay replaces: the relay's own, or that of a relay in whose place it was started; null if there is
    /// none.
    /// </summary>
    public Page? ReplacedBy(RelayId relay)
    {
        var at = IndexOf(relay);
        return at < 0 || _pages[at].Relay.Succeeds(relay) ? null : _pages[at].Page;
    }

    /// <summary>Every visible session in the book.</summary>
    public ImmutableArray<SessionStatus> Sessions
    {
        get
        {
            var sessions = ImmutableArray<SessionStatus>.Empty;
            foreach (var page in _pages)
                sessions = sessions.IsEmpty ? page.Page.Sessions : sessions.AddRange(page.Page.Sessions);
            return sessions;
        }
    }

    /// <summary>Some of the visible sessions, each once.</summary>
    /// <param name="most">How many at most; at least one.</param>
    public ImmutableArray<SessionStatus> SomeSessions(int most)
    {
        var sessions = ImmutableArray.CreateBuilder<SessionStatus>();
        var seen = new HashSet<SessionId>();
        foreach (var page in _pages)
        {
            foreach (var session in page.Page.Sessions)
            {
                if (seen.Count == most)
                    return sessions.ToImmutable();
                if (seen.Add(session.Session))
                    sessions.Add(session);
            }
        }

        return sessions.ToImmutable();
    }

    /// <summary>What a session shows; null if it is not in the book.</summary>
    public SessionStatus? Find(SessionId session)
    {
        foreach (var page in _pages)
        {
            if (Page.Find(page.Page.Sessions, session) is { } status)
                return status;
        }

        return null;
    }

    /// <summary>Whether no page shows anything.</summary>
    public bool ShowsNothing
    {
        get
        {
            foreach (var page in _pages)
            {
                if (!page.Page.Sessions.IsEmpty)
                    return false;
            }

            return true;
        }
    }

    /// <summary>How far this book goes, relay by relay.</summary>
    public ImmutableArray<Known> Digest
    {
        get
        {
            if (_pages.IsEmpty)
                return [];
            var digest = ImmutableArray.CreateBuilder<Known>(_pages.Length);
            foreach (var page in _pages)
                digest.Add(new Known(page.Relay, page.Page.Version));
            return digest.MoveToImmutable();
        }
    }

    /// <summary>
    /// This book with a page that is taken if it is newer; the same book if it is not. It replaces <see cref="ReplacedBy"/>.
    /// </summary>
    public Book Merge(RelayId relay, Page page)
    {
        var at = IndexOf(relay);
        if (at < 0)
            return new Book(_pages.Add(new BookPage(relay, page)));
        var (known, before) = _pages[at];
        var isNewer = known == relay ? before.Version < page.Version : relay.Succeeds(known);
        return isNewer ? new Book(_pages.SetItem(at, new BookPage(relay, page))) : this;
    }

    /// <summary>
    /// The pages that a relay with this digest lacks, without its own. A retired page is of interest only to those who knew its relay, or
    /// one in whose place it was started.
    /// </summary>
    public ImmutableArray<BookPage> NewerThan(ImmutableArray<Known> digest, RelayId self)
    {
        var newer = ImmutableArray<BookPage>.Empty;
        foreach (var page in _pages)
        {
            if (page.Relay == self)
                continue;
            Known? known = null;
            foreach (var k in digest)
            {
                if (k.Relay.IsInPlaceOf(page.Relay))
                    known = k;
            }

            if (known is var (relay, version) ? page.Relay.Succeeds(relay) || (relay == page.Relay && version < page.Page.Version) : !page.Page.IsRetired)
                newer = newer.Add(page);
        }

        return newer;
    }

    /// <summary>This book without the last pages of relays that are gone, as far as they are not needed.</summary>
    /// <param name="isUnneeded">Whether the last page of a relay is not needed.</param>
    public Book WithoutRetired(Func<RelayId, bool> isUnneeded)
    {
        foreach (var page in _pages)
        {
            if (page.Page.IsRetired && isUnneeded(page.Relay))
                return new Book(_pages.RemoveAll(p => p.Page.IsRetired && isUnneeded(p.Relay)));
        }

        return this;
    }

    // Of the page of the relay, or of one before or behind it in its place.
    private int IndexOf(RelayId relay)
    {
        for (var i = 0; i < _pages.Length; i++)
        {
            if (_pages[i].Relay.IsInPlaceOf(relay))
                return i;
        }

        return -1;
    }
}
