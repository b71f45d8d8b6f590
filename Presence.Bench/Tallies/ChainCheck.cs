using System.Collections.Immutable;
using System.Text.Json;

namespace Presence.Bench.Tallies;

/// <summary>
/// Checks what one follower is told against the chain rule (contract E2): the leave of each event is exactly the presence that the
/// follower was last shown of that session, and a join without a leave comes only when it was shown nothing. It is pure: it holds
/// one status per session that is shown, and is not safe for use by several threads.
/// </summary>
internal sealed class ChainCheck
{
    private const int MaxExamples = 5;
    private const int LongestQuote = 60;

    private readonly Dictionary<string, (string User, string Status)> _shown = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);
    private readonly List<string> _examples = [];

    /// <summary>How many events were checked.</summary>
    public long Events { get; private set; }

    /// <summary>How many changes in them broke the rule.</summary>
    public long Breaks { get; private set; }

    /// <summary>The first breaks, in words.</summary>
    public ImmutableArray<string> Examples => [.. _examples];

    /// <summary>How many sessions are shown.</summary>
    public int Shown => _shown.Count;

    /// <summary>The status that a session shows; null if it shows none.</summary>
    public string? StatusOf(string session) => _shown.TryGetValue(session, out var shown) ? shown.Status : null;

    /// <summary>The statuses that a user shows, one per session.</summary>
    public IEnumerable<string> StatusesOf(string user) => _shown.Values.Where(s => s.User == user).Select(s => s.Status);

    /// <summary>
    /// The first event of this user may begin anywhere: a connection is not told what the other devices of its own user show when it
    /// opens (contract F9).
    /// </summary>
    public void AllowAnyStart(string user) => _unknown.Add(user);

    /// <summary>The follower was sent the answer to a follow: for the users asked for it shows exactly these presences.</summary>
    /// <param name="users">The users who were asked for.</param>
    /// <param name="presences">The list in the answer.</param>
    public void Answer(IEnumerable<string> users, JsonElement presences)
    {
        var asked = users.ToHashSet(StringComparer.OrdinalIgnoreCase);
        Forget(asked);
        foreach (var presence in presences.EnumerateArray())
        {
            var (session, user, status) = Read(presence);
            if (!asked.Contains(user))
                Break($"the answer shows {user}, who was not asked for");
            else if (!_shown.TryAdd(session, (user, status)))
                Break($"the answer shows session {session} twice");
        }
    }

    /// <summary>The follower does not follow these users any more.</summary>
    public void Forget(IEnumerable<string> users)
    {
        var gone = users as IReadOnlySet<string> ?? users.ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (session, _) in _shown.Where(s => gone.Contains(s.Value.User)).ToArray())
            _shown.Remove(session);
    }

    /// <summary>The follower was sent an event.</summary>
    public void Event(JsonElement change)
    {
        Events++;
        Dictionary<string, string>? replaced = null;
        var any = false;
        if (change.TryGetProperty("leaves", out var leaves))
        {
            foreach (var leave in leaves.EnumerateArray())
            {
                any = true;
                var (session, user, status) = Read(leave);
                if (_shown.Remove(session, out var last))
                {
                    if (last.Status != status)
                        Break($"'{Quoted(status)}' leaves while '{Quoted(last.Status)}' is shown");
                }
                else if (!_unknown.Contains(user))
                {
                    Break($"'{Quoted(status)}' leaves while nothing is shown");
                }

                if (!(replaced ??= []).TryAdd(session, status))
                    Break($"an event holds session {session} twice in its leaves");
            }
        }

        if (change.TryGetProperty("joins", out var joins))
        {
            foreach (var join in joins.EnumerateArray())
            {
                any = true;
                var (session, user, status) = Read(join);
                if (_shown.TryGetValue(session, out var last))
                    Break($"'{Quoted(status)}' joins without a leave while '{Quoted(last.Status)}' is shown");
                _shown[session] = (user, status);
            }
        }

        if (!any)
            Break("an event of nothing");
    }

    private static (string Session, string User, string Status) Read(JsonElement presence) => (
        presence.GetProperty("session_id").GetString()!,
        presence.TryGetProperty("user_id", out var user) ? user.GetString()! : "",
        presence.TryGetProperty("status", out var status) ? status.GetString()! : "");

    private static string Quoted(string text) => text.Length <= LongestQuote ? text : $"{text[..LongestQuote]}…";

    private void Break(string what)
    {
        Breaks++;
        if (_examples.Count < MaxExamples)
            _examples.Add(what);
    }
}
