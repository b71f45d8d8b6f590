using System.Collections.Immutable;
using Presence.Actors.Collections;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;

namespace Presence.Actors.Connections;

/// <summary>
/// What one connection follows, and how far the follow that is being answered has come. Decides which changes reach the client
/// (contract E5, F2): none of a user before the answer that names it, all of them after, none after an unfollow.
/// </summary>
/// <remarks>
/// A follow of many users is answered by several relays at different instants. Until the last of them has answered, changes of
/// the users that are already known go into the answer instead of past it.
/// <para>
/// The connection's own user is always followed (contract F9) and is not in the list: to follow it asks for its present state and changes
/// nothing else.
/// </para>
/// </remarks>
/// <param name="self">The connection's own user.</param>
/// <param name="session">The connection's own session, which no answer lists: its client knows what it shows.</param>
/// <param name="limit">How many users, and names that nobody has yet, may be followed (contract F10).</param>
/// <param name="usersPerName">How many users of one name a follow may find (contract F11).</param>
internal sealed class FollowList(UserId self, SessionId session, int limit, int usersPerName)
{
    private readonly CompactMap<UserId, State> _users = new();
    private Pending? _pending;

    // Names that nobody has had since they were followed, each with the number of the request that did; and the users that
    // were unfollowed meanwhile, which no such name brings back. Null where there are none, which is the rule.
    private Dictionary<string, long>? _awaitedNames;
    private Dictionary<UserId, long>? _unfollowed;

    // Whether, while nothing is pending, relays tell of nobody but those who are followed in full: so it is until somebody is
    // unfollowed, or appears under a name that was followed. It spares nearly every connection a look-up per change.
    private bool _isPlain = true;

    private enum State : byte
    {
        /// <summary>The client's request for this user is under way; nothing of the user is told yet.</summary>
        Asked,

        /// <summary>Somebody of a followed name has appeared and is being followed; the snapshot will be told as an event.</summary>
        Appearing,

        /// <summary>The user's part of the answer is there, but the answer has not been sent.</summary>
        Collected,

        /// <summary>The client has been told, and is told of every change.</summary>
        Following,
    }

    private string TooMany => $"A connection may follow {limit} users.";

    /// <summary>How many users, and names that nobody has yet, are followed (contract F10).</summary>
    public int Count => _users.Count + (_awaitedNames?.Count ?? 0) - (_pending?.Found.Count ?? 0);

    /// <summary>Begins to carry out a follow; nothing of it is applied when it is refused (contract F3, F10).</summary>
    /// <param name="follow">The client's request.</param>
    /// <param name="request">Names it towards the relays.</param>
    public Outcome Begin(ClientRequest.Follow follow, long request)
    {
        var pending = new Pending(follow.Cid, request);
        if (!TryRead(follow.UserIds, pending))
            return Outcome.Refuse(follow.Cid, "Invalid user identifier.");
        foreach (var text in follow.Usernames)
        {
            if (!Username.TryNormalize(text, out var name))
                return Outcome.Refuse(follow.Cid, "Invalid username.", Limit.NameBytes);
            pending.AddName(name);
        }

        var added = 0;
        foreach (var (user, _) in pending.Users)
            added += user == self || _users.ContainsKey(user) ? 0 : 1;
        foreach (var name in pending.Names)
        {
            if (_awaitedNames?.ContainsKey(name) == true)
                continue;
            added++;
            pending.NewNames.Add(name);
        }

        if (added > 0 && Count + added > limit)
            return Outcome.Refuse(follow.Cid, TooMany, Limit.Follows);

        _users.EnsureCapacity(_users.Count + added);
        _pending = pending;
        var ask = ImmutableArray.CreateBuilder<Subject>(pending.Outstanding);
        foreach (var (user, _) in pending.Users)
        {
            Asked(user);
            ask.Add(Subject.OfUser(user));
        }

        foreach (var name in pending.NewNames)
            (_awaitedNames ??= new Dictionary<string, long>(StringComparer.Ordinal))[name] = request;
        foreach (var name in pending.Names)
            ask.Add(Subject.OfName(name));

        return Finish(ask.MoveToImmutable(), []);
    }

    /// <summary>A relay has answered for some subjects.</summary>
    public Outcome Take(RelayReply.Followed followed)
    {
        var ask = ImmutableArray<Subject>.Empty;
        var drop = ImmutableArray<Subject>.Empty;
        var events = ImmutableArray<ServerMessage.StatusEvent>.Empty;
        (string Why, Limit Exceeded)? failure = null;
        foreach (var (subject, sessions) in followed.Snapshots)
        {
            if (subject.Name is null && _users.TryGetValue(subject.User, out var state) && state == State.Appearing)
            {
                _users[subject.User] = State.Following;
                if (!sessions.IsEmpty)
                    events = events.Add(Joins(subject.User, sessions));
                continue;
            }

            // A request that failed has left the name to an earlier one, which waits for what this answer says.
            if (subject.Name is { } awaited && _awaitedNames?.ContainsKey(awaited) == true && _pending?.Names.Contains(awaited) != true)
            {
                var resolved = Resolve(awaited, HoldersOf(sessions));
                ask = ask.AddRange(resolved.Ask);
                drop = drop.AddRange(resolved.Drop);
                continue;
            }

            // An answer to a request that an unfollow, or a newer request, has overtaken says nothing any more.
            if (_pending is null || _pending.Request != followed.Request || !_pending.Take(subject, sessions))
                continue;
            if (subject.Name is { } name)
            {
                var holders = HoldersOf(sessions);
                if (holders.IsEmpty)
                    continue;
                var count = Count - 1 + holders.Count(user => user != self && !_users.ContainsKey(user));
                var isEarlier = _pending.IsEarlier(name);
                if (isEarlier)
                    _pending.Find(name, holders);
                if (holders.Length > usersPerName)
                {
                    failure = ($"More than {usersPerName} users have the name.", Limit.UsersPerName);
                    continue;
                }

                // A name that is resolved counts no more.
                if (count > limit)
                {
                    failure = (TooMany, Limit.Follows);
                    continue;
                }

                if (!isEarlier)
                {
                    Forget(name);
                    drop = drop.Add(subject);
                }

                foreach (var holder in holders)
                {
                    if (Ask(holder))
                        ask = ask.Add(Subject.OfUser(holder));
                }
            }
            else if (subject.User != self && _users[subject.User] != State.Following)
            {
                _users[subject.User] = State.Collected;
            }
        }

        return failure is var (why, exceeded) ? Fail(why, exceeded, ask, drop, events) : Finish(ask, drop) with { Events = events };
    }

    /// <summary>
    /// A user has a name that this connection waits for: the name is resolved, once and for all, as the first user who has it. Of several
    /// who come at once it is the one with the lowest id, so that it depends on nothing else.
    /// </summary>
    public Outcome Resolve(RelayReply.HoldersChanged changed)
    {
        var name = changed.Name;
        if (_awaitedNames?.ContainsKey(name) != true || _pending?.Awaits(name) == true || _pending?.Found.ContainsKey(name) == true)
            return Outcome.Nothing;
        var holders = HoldersOf(changed.Changes.Where(c => c.New is not null).Select(c => c.New!));
        if (_pending?.Names.Contains(name) != true)
            return Resolve(name, holders);
        if (FirstOf(holders) is not { } first)
            return Outcome.Nothing;
        // Somebody who appears while the follow of the name is still being answered belongs into that answer.
        var isAsked = Ask(first);
        _isPlain &= !isAsked;
        ImmutableArray<Subject> ask = isAsked ? [Subject.OfUser(first)] : [];
        if (_pending!.IsEarlier(name))
        {
            _pending.Find(name, [first]);
            return new Outcome(null, ask, [], []);
        }

        Forget(name);
        return new Outcome(null, ask, [Subject.OfName(name)], []);
    }

    /// <summary>Resolves a name that no request under way has: its first user is followed, but for those who were unfollowed since it is awaited.</summary>
    private Outcome Resolve(string name, ImmutableArray<UserId> holders)
    {
        if (FirstOf(SinceAwaited(name, holders)) is not { } first)
            return Outcome.Nothing;
        Forget(name);
        var isNew = first != self && _users.TryAdd(first, State.Appearing);
        _isPlain &= !isNew;
        return new Outcome(null, isNew ? [Subject.OfUser(first)] : [], [Subject.OfName(name)], []);
    }

    /// <summary>Ends follows at once (contract F7).</summary>
    /// <param name="unfollow">The client's request.</param>
    /// <param name="request">The number of the last request to a relay.</param>
    public Outcome End(ClientRequest.Unfollow unfollow, long request)
    {
        if (!TryParse(unfollow.UserIds, out var users))
            return Outcome.Refuse(unfollow.Cid, "Invalid user identifier.");
        // Bounded like the follows: whoever unfollows more strangers than it may follow users gets what its names bring.
        if (_awaitedNames is not null && (_unfollowed?.Count ?? 0) < limit)
        {
            foreach (var user in users)
                (_unfollowed ??= [])[user] = request;
        }

        var dropped = users.Where(_users.Remove).Select(Subject.OfUser).ToImmutableArray();
        _isPlain &= dropped.IsEmpty;
        return new Outcome(new ServerMessage.Acknowledged(unfollow.Cid), [], dropped, []);
    }

    /// <summary>Whether a change is to be told to the client now.</summary>
    public bool Admits(ServerMessage.StatusEvent change)
    {
        if (_isPlain && _pending is null)
            return true;
        // Contract F9: a connection is always told of its own user.
        var state = State.Following;
        if (change.User != self && !_users.TryGetValue(change.User, out state))
            return false;
        if (_pending is not null && _pending.Users.TryGetValue(change.User, out var sessions) && !sessions.IsDefault)
            _pending.Users[change.User] = Apply(sessions, change.Changes);
        return state == State.Following;
    }

    private ImmutableArray<UserId> SinceAwaited(string name, ImmutableArray<UserId> holders)
    {
        if (_unfollowed is not { } unfollowed)
            return holders;
        var since = _awaitedNames![name];
        return holders.RemoveAll(user => unfollowed.TryGetValue(user, out var at) && at >= since);
    }

    private static UserId? FirstOf(ImmutableArray<UserId> holders) => holders.IsEmpty ? null : holders.MinBy(user => user.Value);

    /// <summary>The name is resolved, and waits for nobody any more.</summary>
    private void Forget(string name)
    {
        _awaitedNames!.Remove(name);
        if (_awaitedNames.Count == 0)
            _awaitedNames = null;
        if (_awaitedNames is null)
            _unfollowed = null;
    }

    /// <summary>Asks for a user on behalf of the pending request; says whether that was not done already.</summary>
    private bool Ask(UserId user)
    {
        if (!_pending!.AddUser(user))
            return false;
        Asked(user);
        return true;
    }

    private void Asked(UserId user)
    {
        if (user == self)
            return;
        if (!_users.TryGetValue(user, out var state))
        {
            _users[user] = State.Asked;
        }
        else if (state == State.Appearing)
        {
            _users[user] = State.Asked;
            _pending!.Appearing.Add(user);
        }
    }

    /// <summary>
    /// Refuses the follow that is being answered: nothing of it is applied (contract F10, F11). What was found by a name that an earlier
    /// request follows is that request's: it is resolved as if this one had not been.
    /// </summary>
    /// <param name="why">What the client is told.</param>
    /// <param name="exceeded">The limit.</param>
    /// <param name="ask">The users whom this request would have asked for now.</param>
    /// <param name="resolved">The names that are not followed any more.</param>
    /// <param name="events">The events that the client gets beside the error.</param>
    private Outcome Fail(
        string why, Limit exceeded, ImmutableArray<Subject> ask, ImmutableArray<Subject> resolved, ImmutableArray<ServerMessage.StatusEvent> events)
    {
        var pending = _pending!;
        _pending = null;
        var drop = resolved.ToBuilder();
        foreach (var (name, holders) in pending.Found)
        {
            if (FirstOf(SinceAwaited(name, holders)) is not { } first)
                continue;
            Forget(name);
            drop.Add(Subject.OfName(name));
            if (first == self)
                continue;
            if (_users.TryAdd(first, State.Appearing))
                ask = ask.Add(Subject.OfUser(first));
            else if (_users[first] is State.Asked or State.Collected)
                pending.Appearing.Add(first);
        }

        foreach (var (user, sessions) in pending.Users)
        {
            if (!_users.TryGetValue(user, out var state) || state is not (State.Asked or State.Collected))
                continue;
            if (!pending.Appearing.Contains(user))
            {
                _users.Remove(user);
                drop.Add(Subject.OfUser(user));
            }
            else if (sessions.IsDefault)
            {
                // It is followed because of an earlier name, and its state is still to be told.
                _users[user] = State.Appearing;
            }
            else
            {
                _users[user] = State.Following;
                if (!sessions.IsEmpty)
                    events = events.Add(Joins(user, sessions));
            }
        }

        foreach (var name in pending.NewNames)
        {
            if (_awaitedNames?.ContainsKey(name) != true)
                continue;
            Forget(name);
            drop.Add(Subject.OfName(name));
        }

        // What relays had sent of these users is still on its way.
        _isPlain = false;
        ask = ask.RemoveAll(subject => subject.Name is null && !_users.ContainsKey(subject.User));
        return new Outcome(new ServerMessage.Failed(pending.Cid, ErrorCode.BadInput, why), ask, drop.ToImmutable(), events) { Limit = exceeded };
    }

    private static ServerMessage.StatusEvent Joins(UserId user, ImmutableArray<SessionStatus> sessions) =>
        new(user, [.. sessions.Select(s => new StatusChange(null, s))]);

    private Outcome Finish(ImmutableArray<Subject> ask, ImmutableArray<Subject> drop)
    {
        if (_pending is null || _pending.Outstanding > 0)
            return new Outcome(null, ask, drop, []);
        foreach (var (name, _) in _pending.Found)
        {
            Forget(name);
            drop = drop.Add(Subject.OfName(name));
        }

        // Who was unfollowed before this request may come by its names.
        foreach (var name in _pending.Names)
        {
            if (_awaitedNames?.ContainsKey(name) == true)
                _awaitedNames[name] = _pending.Request;
        }

        if (_pending.Users.TryGetValue(self, out var own))
            _pending.Users[self] = own.RemoveAll(s => s.Session == session);
        var answer = new ServerMessage.Snapshot(_pending.Cid, _pending.Presences());
        foreach (var (user, _) in _pending.Users)
        {
            if (user != self)
                _users[user] = State.Following;
        }

        _pending = null;
        return new Outcome(answer, ask, drop, []);
    }

    private static ImmutableArray<SessionStatus> Apply(ImmutableArray<SessionStatus> sessions, ImmutableArray<StatusChange> changes)
    {
        foreach (var change in changes)
        {
            sessions = sessions.RemoveAll(s => s.Session == change.Session);
            if (change.New is { } shown)
                sessions = sessions.Add(shown);
        }

        return sessions;
    }

    private static ImmutableArray<UserId> HoldersOf(IEnumerable<SessionStatus> sessions) =>
        [.. sessions.Select(s => s.Holder).Distinct()];

    /// <summary>Reads the users that a follow names.</summary>
    private static bool TryRead(ImmutableArray<string> texts, Pending pending)
    {
        pending.Users.EnsureCapacity(texts.Length);
        foreach (var text in texts)
        {
            if (!UserId.TryParse(text, out var user))
                return false;
            pending.AddUser(user);
        }

        return true;
    }

    private static bool TryParse(ImmutableArray<string> texts, out UserId[] users)
    {
        users = new UserId[texts.Length];
        for (var i = 0; i < users.Length; i++)
        {
            if (!UserId.TryParse(texts[i], out users[i]))
                return false;
        }

        return true;
    }

    /// <summary>What is to be done.</summary>
    /// <param name="Reply">The reply to the client's request; null if it is not ready.</param>
    /// <param name="Ask">The subjects that relays are to be asked to follow.</param>
    /// <param name="Drop">The subjects that relays are to be told are not followed any more.</param>
    /// <param name="Events">What the client is to be told beside the reply.</param>
    public readonly record struct Outcome(
        ServerMessage? Reply, ImmutableArray<Subject> Ask, ImmutableArray<Subject> Drop, ImmutableArray<ServerMessage.StatusEvent> Events)
    {
        public static readonly Outcome Nothing = new(null, [], [], []);

        /// <summary>The limit that refuses the request; null if none does.</summary>
        public Limit? Limit { get; init; }

        public static Outcome Refuse(string? cid, string why, Limit? limit = null) =>
            new(new ServerMessage.Failed(cid, ErrorCode.BadInput, why), [], [], []) { Limit = limit };
    }

    /// <summary>A follow that is being answered.</summary>
    private sealed class Pending(string? cid, long request)
    {
        // The names that it names, and of these the ones that no relay has answered for; null if there are none, which is the rule.
        private HashSet<string>? _names;
        private HashSet<string>? _awaited;
        private int _askedUsers;

        private HashSet<UserId>? _appearing;
        private HashSet<string>? _newNames;
        private Dictionary<string, ImmutableArray<UserId>>? _found;

        private static readonly Dictionary<string, ImmutableArray<UserId>> NoneFound = [];

        public string? Cid { get; } = cid;

        public long Request { get; } = request;

        /// <summary>What is visible of each user that belongs into the answer; default as long as no relay has said.</summary>
        public CompactMap<UserId, ImmutableArray<SessionStatus>> Users { get; } = new();

        public IEnumerable<string> Names => _names as IEnumerable<string> ?? [];

        /// <summary>The names that no earlier follow waits for.</summary>
        public HashSet<string> NewNames => _newNames ??= new(StringComparer.Ordinal);

        /// <summary>
        /// The names that an earlier follow waits for and this one has resolved, with their users. They are kept until this request is
        /// answered: should it fail, the earlier follow still has to find its user.
        /// </summary>
        public Dictionary<string, ImmutableArray<UserId>> Found => _found ?? NoneFound;

        /// <summary>Users who were found by an earlier name, and whose presences have not been sent to the client yet.</summary>
        public HashSet<UserId> Appearing => _appearing ??= [];

        /// <summary>For how many subjects no relay has answered.</summary>
        public int Outstanding => _askedUsers + (_awaited?.Count ?? 0);

        /// <summary>Adds a user; says whether it was not there.</summary>
        public bool AddUser(UserId user)
        {
            if (!Users.TryAdd(user, default))
                return false;
            _askedUsers++;
            return true;
        }

        public void AddName(string name)
        {
            (_names ??= new(StringComparer.Ordinal)).Add(name);
            (_awaited ??= new(StringComparer.Ordinal)).Add(name);
        }

        /// <summary>A name that an earlier follow waits for is resolved.</summary>
        public void Find(string name, ImmutableArray<UserId> users) => (_found ??= new(StringComparer.Ordinal)).Add(name, users);

        /// <summary>Whether an earlier follow waits for a name of this one.</summary>
        public bool IsEarlier(string name) => _newNames?.Contains(name) != true;

        public bool Awaits(string name) => _awaited?.Contains(name) == true;

        /// <summary>A relay answers for a subject; says whether that was outstanding.</summary>
        public bool Take(Subject subject, ImmutableArray<SessionStatus> sessions)
        {
            if (subject.Name is { } name)
                return _awaited?.Remove(name) == true;
            if (!Users.TryGetValue(subject.User, out var known) || !known.IsDefault)
                return false;
            Users[subject.User] = sessions;
            _askedUsers--;
            return true;
        }

        /// <summary>What the answer says.</summary>
        public ImmutableArray<UserSession> Presences()
        {
            var count = 0;
            foreach (var (_, sessions) in Users)
                count += sessions.Length;
            var presences = ImmutableArray.CreateBuilder<UserSession>(count);
            foreach (var (user, sessions) in Users)
            {
                foreach (var session in sessions)
                    presences.Add(new UserSession(user, session));
            }

            return presences.MoveToImmutable();
        }
    }
}
