using System.Collections.Immutable;

namespace Presence.Actors.Model;

/// <summary>
/// What brings the page of a relay to a version: the page itself (<see cref="Page"/>), or what has changed in it since an earlier
/// version (<see cref="PageDifference"/>).
/// </summary>
/// <param name="Version">The version that it leads to.</param>
/// <param name="Sessions">The sessions that it brings: all of the page, or those that have changed.</param>
public abstract record PageUpdate(long Version, ImmutableArray<SessionStatus> Sessions)
{
    /// <summary>Whether it leads to the last page of a relay that is gone.</summary>
    public bool IsRetired => Version == long.MaxValue;

    /// <summary>The most bytes that it can take on the way to another node.</summary>
    public virtual long MaxBytes
    {
        get
        {
            // A UTF-16 unit takes at most three bytes; ids, numbers and tags take less than 64.
            var bytes = 64L;
            foreach (var session in Sessions)
                bytes += 64 + (3L * (session.Username.Length + session.Status.Length));
            return bytes;
        }
    }

    /// <summary>The page that it leads to; null if it does not start at the page that is known.</summary>
    /// <param name="known">The page that is known, of a lower version; null if none is.</param>
    public abstract Page? ApplyTo(Page? known);
}

/// <summary>
/// What one relay stands for in one subject: the statuses of its own connections, whole, as of a version. A page has one
/// writer, so between two pages of a relay the higher version is right and there is nothing to resolve.
/// </summary>
/// <param name="Version">From the relay's one counter; a later page has a higher version.</param>
/// <param name="Sessions">The sessions of that relay, in no order that means anything.</param>
public sealed record Page(long Version, ImmutableArray<SessionStatus> Sessions) : PageUpdate(Version, Sessions)
{
    /// <summary>A page with no more sessions than this always travels whole: it is small, and nothing has to be known for it.</summary>
    public const int MostAlwaysWhole = 4;

    // Up to this number of sessions a search is faster than a map.
    private const int MostSearched = 8;

    /// <summary>
    /// The lowest version of the relay that is known to show the same: a version goes on without a change when the relay has to report
    /// something else. A session that changes gets another revision, so what shows the same at two versions has shown it in between.
    /// </summary>
    public long SameSince { get; init; } = Version;

    /// <summary>The last page of a relay that is gone for good: nothing supersedes it, so no late report revives its sessions.</summary>
    public static readonly Page Retired = new(long.MaxValue, []);

    /// <summary>Whether the page may travel as a difference.</summary>
    public bool IsLarge => Sessions.Length > MostAlwaysWhole;

    /// <inheritdoc/>
    public override Page ApplyTo(Page? known) => this;

    /// <summary>The update that leads from one page of a relay to another: a difference if the page is large and little has changed.</summary>
    /// <param name="from">The page that the receiver should know; null if it may know none.</param>
    /// <param name="to">The page that the update leads to.</param>
    public static PageUpdate Update(Page? from, Page to)
    {
        if (from is null || !to.IsLarge)
            return to;
        var changes = Difference(from, to);
        if (changes.Length > to.Sessions.Length / 2)
            return to;
        var shown = ImmutableArray.CreateBuilder<SessionStatus>();
        var hidden = ImmutableArray.CreateBuilder<SessionId>();
        foreach (var change in changes)
        {
            if (change.New is { } status)
                shown.Add(status);
            else
                hidden.Add(change.Session);
        }

        return new PageDifference(from.SameSince, from.Version, to.Version, shown.ToImmutable(), hidden.ToImmutable());
    }

    /// <summary>
    /// The changes that lead from one page of a relay to another; sessions are told apart by their revision. Takes time in proportion
    /// to the sessions of both.
    /// </summary>
    public static ImmutableArray<StatusChange> Difference(Page? from, Page to)
    {
        var old = from?.Sessions ?? [];
        if (old.Length <= 1 && to.Sessions.Length <= 1)
            return DifferenceOfOne(old.IsEmpty ? null : old[0], to.Sessions.IsEmpty ? null : to.Sessions[0]);
        var changes = ImmutableArray.CreateBuilder<StatusChange>();
        var later = MapOf(to.Sessions);
        foreach (var before in old)
        {
            var after = later is null ? Find(to.Sessions, before.Session) : later.GetValueOrDefault(before.Session);
            if (after is null || after.Revision != before.Revision)
                changes.Add(new StatusChange(before, after));
        }

        var earlier = MapOf(old);
        foreach (var after in to.Sessions)
        {
            if (earlier is null ? Find(old, after.Session) is null : !earlier.ContainsKey(after.Session))
                changes.Add(new StatusChange(null, after));
        }

        return changes.ToImmutable();
    }

    internal static SessionStatus? Find(ImmutableArray<SessionStatus> sessions, SessionId session)
    {
        foreach (var s in sessions)
        {
            if (s.Session == session)
                return s;
        }

        return null;
    }

    /// <summary>Sessions by their ids; null if they are so few that a search is faster.</summary>
    internal static Dictionary<SessionId, SessionStatus>? MapOf(ImmutableArray<SessionStatus> sessions) =>
        sessions.Length <= MostSearched ? null : ById(sessions);

    /// <summary>Sessions by their ids; of several with one id the last.</summary>
    internal static Dictionary<SessionId, SessionStatus> ById(ImmutableArray<SessionStatus> sessions)
    {
        var map = new Dictionary<SessionId, SessionStatus>(sessions.Length);
        foreach (var session in sessions)
            map[session.Session] = session;
        return map;
    }

    // Nearly all pages are of one session.
    private static ImmutableArray<StatusChange> DifferenceOfOne(SessionStatus? before, SessionStatus? after)
    {
        if (before is null || after is null)
            return before is null && after is null ? [] : [new StatusChange(before, after)];
        if (before.Session != after.Session)
            return [new StatusChange(before, null), new StatusChange(null, after)];
        return before.Revision == after.Revision ? [] : [new StatusChange(before, after)];
    }
}

/// <summary>
/// What has changed in a page: a large page with a small change costs no more than the change. A receiver that does not know the page at
/// which it starts cannot use it; the protocol brings it the whole page, as it does after a loss.
/// </summary>
/// <param name="Since">The lowest version that it can start at.</param>
/// <param name="Until">The highest version that it can start at; all from <paramref name="Since"/> on show the same.</param>
/// <param name="Version">The version that it leads to.</param>
/// <param name="Sessions">The sessions that are new or show something else.</param>
/// <param name="Hidden">The sessions that show nothing any more.</param>
public sealed record PageDifference(long Since, long Until, long Version, ImmutableArray<SessionStatus> Sessions, ImmutableArray<SessionId> Hidden)
    : PageUpdate(Version, Sessions)
{
    /// <inheritdoc/>
    /// <remarks>An id takes 20 bytes with its tags.</remarks>
    public override long MaxBytes => base.MaxBytes + (24L * Hidden.Length);

    /// <inheritdoc/>
    public override Page? ApplyTo(Page? known)
    {
        if (known is null || !StartsAt(known.Version))
            return null;
        var shown = Page.ById(Sessions);
        var hidden = Hidden.ToHashSet();
        var sessions = ImmutableArray.CreateBuilder<SessionStatus>(known.Sessions.Length + Sessions.Length);
        foreach (var session in known.Sessions)
        {
            if (!hidden.Contains(session.Session))
                sessions.Add(shown.Remove(session.Session, out var changed) ? changed : session);
        }

        // In the order in which they were brought: a seed of a test is one run.
        foreach (var session in Sessions)
        {
            if (shown.Remove(session.Session, out var added))
                sessions.Add(added);
        }

        return new Page(Version, sessions.ToImmutable());
    }

    /// <summary>Whether it can start at a version.</summary>
    public bool StartsAt(long version) => version >= Since && version <= Until;

    /// <summary>Combines this difference with the next, which starts at the version that this one leads to.</summary>
    public PageDifference Then(PageDifference next)
    {
        var changed = next.Sessions.Select(s => s.Session).Concat(next.Hidden).ToHashSet();
        return new PageDifference(
            Since,
            Until,
            next.Version,
            [.. Sessions.Where(s => !changed.Contains(s.Session)), .. next.Sessions],
            [.. Hidden.Where(s => !changed.Contains(s)), .. next.Hidden]);
    }
}
