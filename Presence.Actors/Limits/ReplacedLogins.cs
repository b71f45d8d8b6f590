using System.Runtime.InteropServices;
using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Actors.Limits;

/// <summary>
/// Decides how long a login must wait before it may connect again, after newer connections of its user have replaced it (contract
/// C3, L4). Without that wait, two clients that both reconnect at once would replace each other without end.
/// </summary>
/// <remarks>
/// <para>
/// A login may come back at once after its first replacement. After each further one it must wait 1, 2, 4 … seconds, up to the
/// longest wait. Replacements are also counted per user, because a client may get a new login for each connection: after the eighth
/// replacement every login of the user waits in the same way. A count starts anew when no replacement has been noted for
/// <see cref="ResetAfter"/>. A refused attempt is not noted.
/// </para>
/// <para>
/// A login is told by the id of its token, or by the issue and expiry times of a token without an id. The table holds hashes, so an
/// entry has the same small size whatever the token contains. Safe from any thread.
/// </para>
/// </remarks>
public sealed class ReplacedLogins
{
    // A user who switches to another device and back is replaced once per login and is not delayed.
    private const int FreePerLogin = 1;

    // Two logins that damp each other have been replaced about eight times in the first seconds, so this count affects only
    // users with a new login for each connection.
    private const int FreePerUser = 8;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestReset = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _longestWait;
    private readonly int _capacity;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, LinkedListNode<Entry>> _entries = [];

    // In the order of the last replacement, the oldest first.
    private readonly LinkedList<Entry> _byAge = [];

    /// <param name="longestWait">The longest wait; zero turns all waits off.</param>
    /// <param name="capacity">How many entries are kept; the oldest is dropped for a new one. A login and its user are one entry each.</param>
    /// <param name="time">The clock.</param>
    public ReplacedLogins(TimeSpan longestWait, int capacity, TimeProvider time)
    {
        _longestWait = longestWait;
        _capacity = capacity;
        _time = time;
        // Two logins in turn are each replaced every two waits; their counts must not start anew in between.
        ResetAfter = 4 * longestWait > ShortestReset ? 4 * longestWait : ShortestReset;
    }

    /// <summary>How long after its last replacement a login or user is forgotten.</summary>
    public TimeSpan ResetAfter { get; }

    /// <summary>How many entries are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>A connection was ended because a newer connection of its user has replaced it.</summary>
    /// <param name="identity">The identity of the connection that was ended.</param>
    public void Note(Identity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        if (_longestWait == TimeSpan.Zero)
            return;
        lock (_lock)
        {
            while (_byAge.First is { } oldest && _time.GetElapsedTime(oldest.Value.NotedAt) >= ResetAfter)
                Drop(oldest);
            Note(Key.OfLogin(identity));
            Note(Key.OfUser(identity.User));
        }
    }

    /// <summary>How long a login must wait before it may connect; zero if it may connect now.</summary>
    /// <param name="identity">The identity that a client presents.</param>
    public TimeSpan WaitOf(Identity identity)
    {
        ArgumentNullException.ThrowIfNull(identity);
        lock (_lock)
        {
            var ofLogin = WaitOf(Key.OfLogin(identity), FreePerLogin);
            var ofUser = WaitOf(Key.OfUser(identity.User), FreePerUser);
            return ofLogin > ofUser ? ofLogin : ofUser;
        }
    }

    private void Note(Key key)
    {
        ref var node = ref CollectionsMarshal.GetValueRefOrAddDefault(_entries, key, out var isKnown);
        if (isKnown)
            _byAge.Remove(node!);
        else
            node = new LinkedListNode<Entry>(new Entry(key));
        node!.Value.Replacements++;
        node.Value.NotedAt = _time.GetTimestamp();
        _byAge.AddLast(node);
        if (_entries.Count > _capacity)
            Drop(_byAge.First!);
    }

    private void Drop(LinkedListNode<Entry> node)
    {
        _byAge.Remove(node);
        _entries.Remove(node.Value.Key);
    }

    private TimeSpan WaitOf(Key key, int free)
    {
        if (!_entries.TryGetValue(key, out var node) || node.Value.Replacements <= free)
            return TimeSpan.Zero;
        // 2^20 s is above every setting.
        var wait = FirstWait * (1 << Math.Min(node.Value.Replacements - free - 1, 20));
        var left = (wait < _longestWait ? wait : _longestWait) - _time.GetElapsedTime(node.Value.NotedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <param name="User">The user.</param>
    /// <param name="Login">The hash of one login; null: the user as a whole.</param>
    private readonly record struct Key(UserId User, int? Login)
    {
        public static Key OfUser(UserId user) => new(user, null);

        // If two logins of one user have the same hash, they share their waits. The hash of a string differs from process to
        // process, so nobody can choose ids with the same one.
        public static Key OfLogin(Identity identity) => new(
            identity.User,
            identity.TokenId?.GetHashCode(StringComparison.Ordinal) ?? HashCode.Combine(identity.IssuedAt, identity.ExpiresAt));
    }

    private sealed class Entry(Key key)
    {
        public Key Key { get; } = key;

        public int Replacements { get; set; }

        public long NotedAt { get; set; }
    }
}
