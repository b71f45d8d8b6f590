using Presence.Client.Requests;

namespace Presence.Client.Rosters;

/// <summary>
/// What is followed, what has been told of it, and the rules by which answers and events become changes. It trusts no order that
/// the server promises: a change always begins at what was told last, a join of what is shown already says nothing, and a leave of
/// what was never shown is dropped.
/// </summary>
/// <remarks>
/// A user is <i>told</i> once a follow has completed: only then is the user in <see cref="Roster"/> and are there changes. While the first
/// follow is under way, its answers and the events are put together in silence, and the answer that the caller gets is what has
/// become of them: one instant, even if the follow took several messages.
/// An answer counts for the sessions of its users that no event has touched since the follow was sent; for the others the events are
/// newer (Nakama sends them in any order), or say the same.
/// </remarks>
internal sealed class Ledger(Action<StatusChange> announce)
{
    private readonly Dictionary<Guid, Followed> _users = [];
    private readonly List<FollowRequest> _underWay = [];

    // Those whom the server follows and nobody wants; first until they are taken, then until the server has ended it.
    private readonly HashSet<Guid> _unwanted = [];
    private readonly HashSet<Followed> _touched = [];
    private readonly HashSet<Guid> _undone = [];

    // Each name that is awaited, and when it was asked for: to have it is not enough for those who were unfollowed since.
    private readonly Dictionary<string, long> _awaitedNames = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, long> _unfollowed = [];

    // Counts events and unfollows.
    private long _clock;
    private volatile Roster _roster = Roster.Empty;

    /// <summary>What has been told of whom. It may be read at any time.</summary>
    public Roster Roster => _roster;

    /// <summary>The users whose follow has completed.</summary>
    public IEnumerable<Guid> FollowedUsers => _users.Where(u => u.Value.IsTold).Select(u => u.Key);

    /// <summary>The names whose follow has completed, and whose users have not shown themselves.</summary>
    public IReadOnlyCollection<string> AwaitedNames => _awaitedNames.Keys;

    /// <summary>The place of now among the events: an answer to a follow that is sent now is no older.</summary>
    public long Now => _clock;

    public void SetCurrent(bool isCurrent) => _roster = _roster.As(isCurrent);

    /// <summary>All that is followed and awaited, to be asked for on a new link.</summary>
    public FollowRequest RepeatAll() => FollowRequest.Repeat(FollowedUsers, _awaitedNames);

    /// <summary>All that is awaited, to be asked for behind an unfollow: it may have ended the follow of a user of one of the names.</summary>
    public FollowRequest RepeatNames() => FollowRequest.Repeat([], _awaitedNames);

    /// <summary>
    /// Takes the users whom the server follows and nobody wants, to be unfollowed: those of a follow that was given up, and whoever the
    /// server shows without being asked, as one who was unfollowed by id since the caller asked for a name that turns out to be theirs.
    /// There are none while a name is asked for that may be one of theirs.
    /// </summary>
    public IReadOnlyList<Guid> TakeUnwanted()
    {
        if (_unwanted.Count == 0 || _underWay.Exists(follow => !follow.IsRepetition && follow.Names.Count > 0))
            return [];
        var unwanted = _unwanted.Where(user => !_users.ContainsKey(user)).ToList();
        _unwanted.Clear();
        _undone.UnionWith(unwanted);
        return unwanted;
    }

    /// <summary>A follow is sent, for the first time or on another link.</summary>
    public void Begin(FollowRequest follow)
    {
        follow.Restart();
        _underWay.Add(follow);
        foreach (var user in follow.Ids)
            GetOrAdd(user);
    }

    /// <summary>The server has answered a part of a follow.</summary>
    /// <param name="follow">The follow.</param>
    /// <param name="ids">The users whom the part named by id.</param>
    /// <param name="presences">All that these users, and those whom it named by name, show.</param>
    /// <param name="since">When the part was sent.</param>
    public void Answer(FollowRequest follow, IEnumerable<Guid> ids, IEnumerable<UserPresence> presences, long since)
    {
        var shown = presences.ToLookup(p => p.UserId);
        var named = ids.ToHashSet();
        foreach (var user in shown)
        {
            var name = user.First().Username;
            Recognise(user.Key, name);
            // Others may want who is not wanted by this name.
            if (IsWanted(follow, user.Key, name))
                follow.Find(user.Key, name);
            if (_users.ContainsKey(user.Key) || follow.NamesUser(user.Key))
                named.Add(user.Key);
            else
                Undo(user.Key);
        }

        foreach (var user in named)
            Reconcile(user, GetOrAdd(user), shown[user], since);
    }

    /// <summary>All of a follow is in force: its users are told from now on.</summary>
    /// <returns>What they show.</returns>
    public IReadOnlyList<UserPresence> Complete(FollowRequest follow)
    {
        End(follow);
        foreach (var name in follow.Names)
        {
            // A name is followed until somebody has it; then the user is. What is asked for again is awaited already.
            if (!follow.IsRepetition && !follow.HasUser(name))
                _awaitedNames[name] = _clock;
        }

        var (answer, roster) = (new List<UserPresence>(), _roster);
        foreach (var user in follow.Users)
        {
            var followed = GetOrAdd(user);
            followed.IsTold = true;
            foreach (var presence in followed.Shown)
            {
                answer.Add(presence);
                roster = roster.With(new PresenceKey(user, presence.SessionId), presence);
            }
        }

        _roster = roster;
        return answer;
    }

    /// <summary>A follow is given up: whom it alone named is not followed.</summary>
    /// <param name="follow">The follow.</param>
    /// <param name="wasAccepted">Whether the server may follow some of them by it.</param>
    public void Abandon(FollowRequest follow, bool wasAccepted)
    {
        End(follow);
        foreach (var user in follow.Users)
        {
            if (!_users.TryGetValue(user, out var followed) || followed.IsTold || IsUnderWay(user))
                continue;
            _users.Remove(user);
            if (wasAccepted)
                Undo(user);
        }
    }

    /// <summary>The server has acknowledged that a user is followed no more.</summary>
    public void Unfollow(Guid user)
    {
        _users.Remove(user);
        _roster = _roster.Without(user);
        // Of whatever was answered before, nothing is left to be ended: once more would end what was asked for behind this.
        _unwanted.Remove(user);
        if (_awaitedNames.Count + _underWay.Count == 0)
            _unfollowed.Clear();
        else
            _unfollowed[user] = ++_clock;
        foreach (var repetition in _underWay.Where(follow => follow.IsRepetition))
            repetition.Lose(user);
        // A follow that was sent behind the unfollow starts from nothing.
        if (IsUnderWay(user))
            GetOrAdd(user);
    }

    /// <summary>
    /// The server has ended what <see cref="TakeUnwanted"/> told of. Who is followed again by then starts from nothing: what came before belongs
    /// to the follow that has ended.
    /// </summary>
    /// <returns>
    /// To be asked for: those who have meanwhile shown themselves as users of a name that was awaited. They were told by what has ended.
    /// </returns>
    public IReadOnlyList<Guid> Undone(IEnumerable<Guid> users)
    {
        var told = new List<Guid>();
        foreach (var user in users)
        {
            _undone.Remove(user);
            if (!_users.TryGetValue(user, out var followed))
                continue;
            if (followed.IsTold)
                told.Add(user);
            else
                _users[user] = new Followed();
        }

        return told;
    }

    /// <summary>The server tells of one session.</summary>
    /// <param name="leave">What it shows no more; null: it showed nothing.</param>
    /// <param name="join">What it shows now; null: nothing.</param>
    public void Apply(UserPresence? leave, UserPresence? join)
    {
        var either = (join ?? leave)!;
        _clock++;
        Recognise(either.UserId, either.Username);
        if (!_users.TryGetValue(either.UserId, out var user))
        {
            Undo(either.UserId);
            return;
        }

        var last = user.Of(either.SessionId);
        user.Set(either.SessionId, join);
        // Of no use but to an answer that is on its way.
        if (_underWay.Count > 0)
        {
            user.Touch(either.SessionId, _clock);
            _touched.Add(user);
        }

        // The same again is a change only if it was said to be one.
        if (last is null ? join is not null : join is null || join != last || leave == last)
            Tell(user, StatusChange.Between(last, join)!);
    }

    /// <summary>The link is lost: a follow that is under way begins again on another one.</summary>
    public void LinkLost()
    {
        SetCurrent(false);
        ForgetTouched();
        foreach (var user in _users.Where(u => !u.Value.IsTold).Select(u => u.Key).ToList())
            _users.Remove(user);
        _underWay.Clear();
        _unwanted.Clear();
        _undone.Clear();
    }

    private void Undo(Guid user)
    {
        if (!_undone.Contains(user))
            _unwanted.Add(user);
    }

    private void End(FollowRequest follow)
    {
        _underWay.Remove(follow);
        // What has left is kept in mind only as long as an older answer may come.
        if (_underWay.Count == 0)
            ForgetTouched();
    }

    private void ForgetTouched()
    {
        foreach (var user in _touched)
            user.ForgetTouched();
        _touched.Clear();
    }

    private bool IsUnderWay(Guid user) => _underWay.Exists(follow => follow.NamesUser(user));

    private Followed GetOrAdd(Guid user)
    {
        if (!_users.TryGetValue(user, out var followed))
            _users.Add(user, followed = new Followed());
        return followed;
    }

    /// <summary>A user of this name has shown up: perhaps it is one who is followed by name.</summary>
    private void Recognise(Guid user, string name)
    {
        if (_awaitedNames.Remove(name, out var asked) && !IsUnfollowedSince(user, asked))
            StartTelling(GetOrAdd(user));

        foreach (var follow in _underWay)
        {
            if (!follow.NamesUser(name))
                continue;
            if (!IsWanted(follow, user, name))
                continue;
            follow.Find(user, name);
            GetOrAdd(user);
        }
    }

    /// <summary>Whether a follow wants a user whom the server shows for it: not if it repeats a name that is older than an unfollow of its user.</summary>
    private bool IsWanted(FollowRequest follow, Guid user, string name) =>
        follow.AskedAt(name) is not { } asked || !IsUnfollowedSince(user, asked);

    private bool IsUnfollowedSince(Guid user, long asked) => _unfollowed.TryGetValue(user, out var at) && at > asked;

    private void StartTelling(Followed followed)
    {
        if (followed.IsTold)
            return;
        followed.IsTold = true;
        foreach (var presence in followed.Shown)
            Tell(followed, StatusChange.Between(null, presence)!);
    }

    private void Reconcile(Guid id, Followed user, IEnumerable<UserPresence> shown, long since)
    {
        var answered = new HashSet<string>(StringComparer.Ordinal);
        foreach (var presence in shown)
        {
            if (answered.Add(presence.SessionId) && user.TouchedAt(presence.SessionId) <= since)
                Set(user, new PresenceKey(id, presence.SessionId), presence);
        }

        // Those who have left come last: who has come back under another session was never away.
        foreach (var last in user.Shown.ToList())
        {
            if (!answered.Contains(last.SessionId) && user.TouchedAt(last.SessionId) <= since)
                Set(user, new PresenceKey(id, last.SessionId), null);
        }
    }

    private void Set(Followed user, PresenceKey key, UserPresence? shown)
    {
        var last = user.Of(key.Session);
        if (last == shown)
            return;
        user.Set(key.Session, shown);
        Tell(user, StatusChange.Between(last, shown)!);
    }

    private void Tell(Followed user, StatusChange change)
    {
        if (!user.IsTold)
            return;
        _roster = _roster.With(change.Key, change.Shown);
        announce(change);
    }

    /// <summary>One user, and what each of the user's sessions shows.</summary>
    private sealed class Followed
    {
        private readonly Dictionary<string, UserPresence> _shown = new(StringComparer.Ordinal);
        private Dictionary<string, long>? _touched;

        public bool IsTold { get; set; }

        public IReadOnlyCollection<UserPresence> Shown => _shown.Values;

        public UserPresence? Of(string session) => _shown.TryGetValue(session, out var shown) ? shown : null;

        public void Set(string session, UserPresence? shown)
        {
            if (shown is null)
                _shown.Remove(session);
            else
                _shown[session] = shown;
        }

        public void Touch(string session, long now) => (_touched ??= new Dictionary<string, long>(StringComparer.Ordinal))[session] = now;

        public long TouchedAt(string session) => _touched is not null && _touched.TryGetValue(session, out var at) ? at : -1;

        public void ForgetTouched() => _touched = null;
    }
}
