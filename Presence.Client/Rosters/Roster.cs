using System.Collections;
using System.Collections.Immutable;
using Presence.Client.Rosters;

namespace Presence.Client;

/// <summary>
/// Who of the followed users is online, and what they show: a picture of one instant that never changes. It equals the sum of what
/// was told until then, the answers to follows and the changes. The client's own user is not in it.
/// </summary>
public sealed class Roster : IReadOnlyCollection<UserPresence>
{
    private static readonly ImmutableDictionary<string, UserPresence> NoSessions = ImmutableDictionary.Create<string, UserPresence>(StringComparer.Ordinal);

    private readonly ImmutableDictionary<Guid, ImmutableDictionary<string, UserPresence>> _users;

    private Roster(ImmutableDictionary<Guid, ImmutableDictionary<string, UserPresence>> users, int count, bool isCurrent)
    {
        _users = users;
        Count = count;
        IsCurrent = isCurrent;
    }

    internal static Roster Empty { get; } = new(ImmutableDictionary<Guid, ImmutableDictionary<string, UserPresence>>.Empty, 0, isCurrent: false);

    /// <summary>
    /// Whether this is what the server last told. False while there is no connection, and until everything has been asked for
    /// again after a reconnect: then this is what was last known.
    /// </summary>
    public bool IsCurrent { get; }

    /// <summary>The number of presences, of all users together.</summary>
    public int Count { get; }

    /// <summary>The users who are online, each once.</summary>
    public IEnumerable<Guid> OnlineUsers => _users.Keys;

    /// <summary>Whether any connection of the user shows a status.</summary>
    /// <param name="userId">A user; one who is not followed is never online here.</param>
    public bool IsOnline(Guid userId) => _users.ContainsKey(userId);

    /// <summary>What the connections of a user show; none when the user is offline or not followed.</summary>
    /// <param name="userId">A user.</param>
    public IReadOnlyCollection<UserPresence> Of(Guid userId) => Sessions(userId) is { IsEmpty: false } sessions ? [.. sessions.Values] : [];

    /// <summary>Enumerates the presences, user by user.</summary>
    public IEnumerator<UserPresence> GetEnumerator()
    {
        foreach (var sessions in _users.Values)
        {
            foreach (var presence in sessions.Values)
                yield return presence;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal UserPresence? Of(PresenceKey key) => Sessions(key.User).TryGetValue(key.Session, out var shown) ? shown : null;

    /// <summary>The same but for one session, which shows this, or nothing.</summary>
    internal Roster With(PresenceKey key, UserPresence? shown)
    {
        var sessions = Sessions(key.User);
        var changed = shown is null ? sessions.Remove(key.Session) : sessions.SetItem(key.Session, shown);
        var users = changed.IsEmpty ? _users.Remove(key.User) : _users.SetItem(key.User, changed);
        return new Roster(users, Count + changed.Count - sessions.Count, IsCurrent);
    }

    internal Roster Without(Guid user) => new(_users.Remove(user), Count - Sessions(user).Count, IsCurrent);

    internal Roster As(bool isCurrent) => isCurrent == IsCurrent ? this : new Roster(_users, Count, isCurrent);

    private ImmutableDictionary<string, UserPresence> Sessions(Guid user) => _users.TryGetValue(user, out var sessions) ? sessions : NoSessions;
}
