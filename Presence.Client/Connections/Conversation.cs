using Presence.Client.Links;
using Presence.Client.Requests;
using Presence.Client.Rosters;
using Presence.Client.Wire;

namespace Presence.Client.Connections;

/// <summary>
/// All that a client wants and knows, over any number of links one after the other: what the caller has asked for, what is in force,
/// what was told, and who is to be told. It does no I/O: links bring it what the server says and take away what is to be written.
/// </summary>
/// <remarks>
/// Everything happens under one gate, so a follow's answer, the changes behind it, the roster and the state have one order for all who
/// look. What a caller asks for is kept as a <see cref="Call"/> until it is in force, whatever happens to links meanwhile.
/// </remarks>
internal sealed class Conversation
{
    private readonly PresenceClientOptions _options;
    private readonly WireFormat _format;
    private readonly Ledger _ledger;
    private readonly OwnLedger _own = new();
    private readonly LinkedList<Call> _calls = [];
    private readonly List<StatusSubscription> _subscriptions = [];
    private readonly List<StatusSubscription> _ownSubscriptions = [];
    private readonly TaskCompletionSource<bool> _firstConnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConnectionState _state = new(ConnectionPhase.Connecting);
    private volatile Roster _roster = Roster.Empty;
    private volatile Identity _identity = Identity.Unknown;
    private volatile string? _shown;
    private string? _status;
    private Exchange? _exchange;
    private Restoration? _restoration;
    private TaskCompletionSource<PresenceConnectionException>? _dropped;
    private ServerMessage.Failed? _lastFailure;
    private ServerMessage.Notice? _lastNotice;
    private bool _isDisposed;

    public Conversation(PresenceClientOptions options)
    {
        _options = options;
        _format = WireFormat.Of(options.Format);
        _status = options.AppearOnline ? "" : null;
        _ledger = new Ledger(Announce);
        // Whoever waits for the end is told of a failure; nobody has to.
        _completion.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _firstConnected.Task.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>Held by everybody who adds to or takes from what is kept here.</summary>
    public object Gate { get; } = new();

    public ConnectionState State => _state;

    public Roster Roster => _roster;

    public Identity Identity => _identity;

    /// <summary>What this connection shows, as the server has acknowledged; null: nothing.</summary>
    public string? Shown => _shown;

    /// <summary>Ends when the client is connected for the first time.</summary>
    public Task FirstConnected => _firstConnected.Task;

    /// <summary>Ends with the client.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Whether a link should begin with the empty status.</summary>
    public bool BeginsOnline
    {
        get
        {
            lock (Gate)
                return WantedStatus() == "";
        }
    }

    // ---- the caller

    public Task UpdateStatusAsync(string? status, CancellationToken cancel) => AskAsync(new StatusCall(status), cancel);

    public Task<IReadOnlyList<UserPresence>> FollowAsync(FollowRequest follow, CancellationToken cancel) => AskAsync(new FollowCall(follow), cancel);

    public Task UnfollowAsync(IEnumerable<Guid> users, CancellationToken cancel) => AskAsync(new UnfollowCall(users), cancel);

    public StatusSubscription Subscribe(bool toOwn)
    {
        lock (Gate)
        {
            var list = toOwn ? _ownSubscriptions : _subscriptions;
            var subscription = new StatusSubscription(Gate, () => _roster, _options.Backlog, s => list.Remove(s));
            if (_state.Phase == ConnectionPhase.Closed)
                subscription.End(EndOfSubscriptions());
            else
                list.Add(subscription);
            return subscription;
        }
    }

    // ---- the link

    /// <summary>A link is there: what was in force is restored on it, and then what has been asked for meanwhile.</summary>
    /// <param name="identity">Who the client is on it.</param>
    /// <param name="beganOnline">Whether it has begun with the empty status.</param>
    /// <returns>Ends when the link is of no use.</returns>
    public Task<PresenceConnectionException> LinkUp(Identity identity, bool beganOnline)
    {
        lock (Gate)
        {
            _identity = identity;
            _shown = beganOnline ? "" : null;
            _own.Clear();
            (_lastFailure, _lastNotice) = (null, null);
            _exchange = new Exchange(_format, _options.MaxMessageBytes);
            _dropped = new TaskCompletionSource<PresenceConnectionException>(TaskCreationOptions.RunContinuationsAsynchronously);
            _restoration = new Restoration(_ledger.RepeatAll());
            RestoreStatus();
            RestoreFollows();
            FinishRestoration();
            return _dropped.Task;
        }
    }

    /// <summary>The server has said something.</summary>
    public void Received(ServerMessage message)
    {
        lock (Gate)
        {
            switch (message)
            {
                case ServerMessage.StatusEvent change:
                    Apply(change);
                    break;
                case ServerMessage.Failed { Cid: null } failure:
                    _lastFailure = failure;
                    break;
                case ServerMessage.Notice notice:
                    _lastNotice = notice;
                    break;
                case { Cid: not null }:
                    _exchange!.TryAnswer(message);
                    break;
            }

            Undo();
            _roster = _ledger.Roster;
        }
    }

    /// <summary>Asks for a sign of life.</summary>
    public void Ping() => Locked(() => _exchange!.Ask(new ClientMessage.Ping(), _ => { }));

    /// <summary>When the oldest request was sent that is not answered; null: all are.</summary>
    public long? OldestSentAt => Locked(() => _exchange?.OldestSentAt);

    /// <summary>The next bytes to write on the link, waited for if need be.</summary>
    public async Task<byte[]> OutgoingAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task more;
            lock (Gate)
            {
                if (_exchange!.TryTake(Now(), out var message))
                    return message;
                more = _exchange.MoreAsync();
            }

            await more.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The link is over. What was not answered on it will be asked again on the next one.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="next">Decides what comes then, from why it is over and whether the client was connected by it.</param>
    public ConnectionState LinkDown(LinkEnd end, Func<PresenceConnectionException, bool, ConnectionState> next)
    {
        lock (Gate)
        {
            var why = Diagnosis.Of(end, _lastNotice, _lastFailure);
            var wasConnected = IsReady;
            if (_restoration is { } restoration)
                restoration.HasFailed = true;

            // What the server will not read must not be sent again, or it would end every link.
            if (why.Reason == DisconnectReason.ProtocolViolation && end.Fault is null)
                _exchange!.Refuse(_lastFailure ?? new ServerMessage.Failed(null, PresenceRequestException.BadInput, why.Message));
            (_exchange, _restoration, _dropped, _shown) = (null, null, null, null);
            foreach (var call in _calls.ToList())
            {
                // What the client itself has asked for again is asked for on every link anyway.
                if (call.IsCancelled || call is FollowCall { Follow.IsRepetition: true })
                    Drop(call);
                else
                    call.Restart();
            }

            _ledger.LinkLost();
            _roster = _ledger.Roster;
            var state = next(why, wasConnected);
            Become(state);
            return state;
        }
    }

    /// <summary>The state is another one.</summary>
    public void Enter(ConnectionState state) => Locked(() => Become(state));

    /// <summary>The owner of the client has ended it.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            _isDisposed = true;
            Become(new ConnectionState(ConnectionPhase.Closed, new PresenceConnectionException(DisconnectReason.ClosedByCaller, "The client was closed.")));
        }
    }

    // ---- calls

    private async Task<T> AskAsync<T>(Call<T> call, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (Gate)
        {
            if (_state.Phase == ConnectionPhase.Closed)
                throw EndOfCalls();
            _calls.AddLast(call);
            if (IsReady)
                Send(call);
        }

        using (cancel.Register(() => Cancel(call, cancel)))
            return await call.Ended.ConfigureAwait(false);
    }

    private void Cancel(Call call, CancellationToken cancel)
    {
        lock (Gate)
        {
            call.IsCancelled = true;
            call.Cancel(cancel);
            if (!call.IsSent)
                Drop(call);
        }
    }

    private void Drop(Call call)
    {
        if (_calls.Remove(call) && call is FollowCall follow)
            _ledger.Abandon(follow.Follow, wasAccepted: false);
    }

    private void Send(Call call)
    {
        call.IsSent = true;
        call.Unanswered = 1;
        switch (call)
        {
            case StatusCall status:
                Ask(call, new ClientMessage.UpdateStatus(status.Status), _ => (_status, _shown) = (status.Status, status.Status));
                break;
            case FollowCall follow:
                _ledger.Begin(follow.Follow);
                var since = _ledger.Now;
                foreach (var chunk in FollowChunks.Follow(follow.Follow.Ids, follow.Follow.Names))
                    Ask(call, chunk, answer => Learn(follow.Follow, chunk, answer, since));
                break;
            case UnfollowCall unfollow:
                foreach (var chunk in FollowChunks.Unfollow(unfollow.Users))
                    Ask(call, chunk, _ => Forget(chunk.UserIds));
                break;
        }

        Answered(call);
    }

    private void Ask(Call call, ClientMessage message, Action<ServerMessage> accepted)
    {
        call.Unanswered++;
        try
        {
            _exchange!.Ask(message, reply =>
            {
                if (reply is ServerMessage.Failed failure)
                {
                    call.Refusal ??= new PresenceRequestException(failure.Code, failure.Message);
                }
                else
                {
                    call.Accepted++;
                    accepted(reply);
                }

                Answered(call);
            });
        }
        catch (PresenceRequestException refusal)
        {
            call.Refusal ??= refusal;
            call.Unanswered--;
        }
    }

    private void Answered(Call call)
    {
        if (--call.Unanswered > 0)
            return;
        _calls.Remove(call);
        switch (call)
        {
            case FollowCall follow when call.Refusal is not null || call.IsCancelled:
                // What was accepted of it is undone: a follow is in force as a whole or not at all.
                _ledger.Abandon(follow.Follow, wasAccepted: call.Accepted > 0);
                break;
            case FollowCall follow:
                follow.Complete(_ledger.Complete(follow.Follow));
                break;
        }

        _roster = _ledger.Roster;
        if (call.Refusal is { } refusal)
            call.Fail(refusal);
        else if (call is Call<bool> done)
            done.Complete(true);
    }

    private void Learn(FollowRequest follow, ClientMessage.Follow chunk, ServerMessage answer, long since)
    {
        var presences = answer is ServerMessage.Snapshot snapshot ? snapshot.Presences : [];
        _ledger.Answer(follow, chunk.UserIds, presences.Where(p => p.UserId != _identity.UserId), since);
    }

    private void Forget(IEnumerable<Guid> users)
    {
        foreach (var user in users)
        {
            _ledger.Unfollow(user);
            foreach (var subscription in _subscriptions)
                subscription.Forget(user);
        }
    }

    /// <summary>Ends follows that nobody wants, without a word to anybody.</summary>
    private void Undo()
    {
        if (!IsReady || _ledger.TakeUnwanted() is not { Count: > 0 } users)
            return;
        foreach (var chunk in FollowChunks.Unfollow(users))
        {
            _exchange!.Ask(chunk, _ =>
            {
                foreach (var user in chunk.UserIds)
                    _ledger.Restart(user);
            });
        }

        // One of them may bear a name that is awaited: that follow has ended with it.
        var names = new FollowCall(_ledger.RepeatNames());
        if (names.Follow.Names.Count == 0)
            return;
        names.Ended.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _calls.AddLast(names);
        Send(names);
    }

    // ---- restoring

    private string? WantedStatus() => LastStatusCall() is { } call ? call.Status : _status;

    private StatusCall? LastStatusCall()
    {
        for (var node = _calls.Last; node is not null; node = node.Previous)
        {
            if (node.Value is StatusCall call)
                return call;
        }

        return null;
    }

    /// <summary>
    /// Shows what was shown last, or rather what the caller has asked for since: what it wants no more is not shown again.
    /// </summary>
    private void RestoreStatus()
    {
        var call = LastStatusCall();
        var status = WantedStatus();
        if (status == _shown)
        {
            StatusRestored(call, status);
            return;
        }

        Restore(new ClientMessage.UpdateStatus(status), _ => StatusRestored(call, status), refusal =>
        {
            if (call is null)
                return false;
            _calls.Remove(call);
            call.Fail(refusal);
            RestoreStatus();
            return true;
        });
    }

    private void StatusRestored(StatusCall? until, string? status)
    {
        (_status, _shown) = (status, status);
        if (until is null || !_calls.Contains(until))
            return;
        foreach (var call in _calls.OfType<StatusCall>().TakeWhile(c => c != until).Append(until).ToList())
        {
            _calls.Remove(call);
            call.Complete(true);
        }
    }

    private void RestoreFollows()
    {
        var follow = _restoration!.Follow;
        var chunks = FollowChunks.Follow(follow.Ids, follow.Names);
        if (chunks.Count == 0)
            return;
        _ledger.Begin(follow);
        var since = _ledger.Now;
        foreach (var chunk in chunks)
            Restore(chunk, answer => Learn(follow, chunk, answer, since), _ => false);
    }

    private void Restore(ClientMessage message, Action<ServerMessage> accepted, Func<PresenceRequestException, bool> refused)
    {
        var restoration = _restoration!;
        restoration.Unanswered++;
        try
        {
            _exchange!.Ask(message, reply =>
            {
                restoration.Unanswered--;
                if (reply is not ServerMessage.Failed failure)
                    accepted(reply);
                else if (!refused(new PresenceRequestException(failure.Code, failure.Message)))
                    GiveUp(new PresenceRequestException(failure.Code, failure.Message));
                FinishRestoration();
            });
        }
        catch (PresenceRequestException refusal)
        {
            restoration.Unanswered--;
            if (!refused(refusal))
                GiveUp(refusal);
        }

        void GiveUp(PresenceRequestException refusal)
        {
            restoration.HasFailed = true;
            _dropped!.TrySetResult(new PresenceConnectionException(
                DisconnectReason.RestoreRefused, $"The server refused what it had accepted before: {refusal.Message}", refusal));
        }
    }

    private void FinishRestoration()
    {
        if (_restoration is not { Unanswered: 0, HasFailed: false } restoration)
            return;
        _restoration = null;
        _ledger.Complete(restoration.Follow);
        _ledger.SetCurrent(true);
        _roster = _ledger.Roster;
        Become(new ConnectionState(ConnectionPhase.Connected));
        _firstConnected.TrySetResult(true);
        Undo();
        foreach (var call in _calls.Where(c => !c.IsSent).ToList())
            Send(call);
    }

    // ---- being told

    private void Apply(ServerMessage.StatusEvent change)
    {
        foreach (var join in change.Joins)
            Apply(change.Leaves.FirstOrDefault(leave => IsSameSession(leave, join)), join);
        foreach (var leave in change.Leaves)
        {
            if (!change.Joins.Any(join => IsSameSession(leave, join)))
                Apply(leave, null);
        }
    }

    private void Apply(UserPresence? leave, UserPresence? join)
    {
        var user = (join ?? leave)!.UserId;
        if (user != _identity.UserId)
        {
            _ledger.Apply(leave, join);
        }
        else if (_own.Apply(leave, join) is { } told)
        {
            foreach (var subscription in _ownSubscriptions)
                subscription.Add(told);
        }
    }

    private static bool IsSameSession(UserPresence one, UserPresence other) =>
        one.SessionId == other.SessionId && one.UserId == other.UserId;

    private void Announce(StatusChange change)
    {
        foreach (var subscription in _subscriptions)
            subscription.Add(change);
    }

    // ---- the state

    private bool IsReady => _exchange is not null && _restoration is null;

    private void Become(ConnectionState state)
    {
        if (_state.Phase == ConnectionPhase.Closed)
            return;
        var old = _state;
        _state = state;
        if (state.Phase == ConnectionPhase.Closed)
            End(state.Error!);
        old.Passed.TrySetResult(true);
    }

    private void End(PresenceConnectionException error)
    {
        (_exchange, _restoration, _shown) = (null, null, null);
        _ledger.SetCurrent(false);
        _roster = _ledger.Roster;
        foreach (var call in _calls)
            call.Fail(Copy(error));
        _calls.Clear();
        foreach (var subscription in _subscriptions.Concat(_ownSubscriptions))
            subscription.End(EndOfSubscriptions());
        _firstConnected.TrySetException(error);
        if (_isDisposed)
            _completion.TrySetResult(true);
        else
            _completion.TrySetException(error);
    }

    private Exception EndOfCalls() => _isDisposed ? new ObjectDisposedException(nameof(PresenceClient)) : Copy(_state.Error!);

    private PresenceConnectionException? EndOfSubscriptions() => _isDisposed ? null : Copy(_state.Error!);

    /// <summary>An exception that is thrown has a place; what it says may have several.</summary>
    private static PresenceConnectionException Copy(PresenceConnectionException error) => new(error.Reason, error.Message, error, error.CloseCode);

    private long Now() => _options.TimeProvider.GetTimestamp();

    private void Locked(Action action)
    {
        lock (Gate)
            action();
    }

    private T Locked<T>(Func<T> read)
    {
        lock (Gate)
            return read();
    }

    /// <summary>What is being restored on a new link.</summary>
    private sealed class Restoration(FollowRequest follow)
    {
        public FollowRequest Follow { get; } = follow;

        public int Unanswered { get; set; }

        public bool HasFailed { get; set; }
    }
}
