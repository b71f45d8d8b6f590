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
/// <para>
/// Everything happens under one gate, so a follow's answer, the changes behind it, the roster and the state have one order for all who
/// look. The gate is taken here, by every member that is called from outside, and by subscriptions when they are taken from; everything
/// that a conversation is made of is used with it held, and knows nothing of it. What may be read without it is a volatile reference to
/// what never changes: state, roster, identity, own status.
/// </para>
/// <para>What a caller asks for is kept as a <see cref="Call"/> until it is in force, whatever happens to links meanwhile.</para>
/// </remarks>
internal sealed class Conversation
{
    /// <summary>What a link is asked that is over.</summary>
    private static readonly Task<DateTimeOffset?> Never = new TaskCompletionSource<DateTimeOffset?>().Task;

    private readonly object _gate = new();
    private readonly PresenceClientOptions _options;
    private readonly WireFormat _format;
    private readonly OwnStatus _status;
    private readonly Picture _picture;
    private readonly Calls _calls;
    private readonly TaskCompletionSource<bool> _firstConnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConnectionState _state = new(ConnectionPhase.Connecting);
    private volatile Identity _identity = Identity.Unknown;
    private Dialogue? _dialogue;
    private bool _isDisposed;

    public Conversation(PresenceClientOptions options)
    {
        _options = options;
        _format = WireFormat.Of(options.Format);
        _status = new OwnStatus(options.AppearOnline ? "" : null);
        _picture = new Picture(_gate, options.Backlog);
        _calls = new Calls(_picture.Ledger);
        _completion.Task.Observe();
        _firstConnected.Task.Observe();
    }

    public ConnectionState State => _state;

    public Roster Roster => _picture.Ledger.Roster;

    public Identity Identity => _identity;

    /// <summary>What this connection shows, as the server has acknowledged; null: nothing.</summary>
    public string? Shown => _status.Shown;

    /// <summary>Ends when the client is connected for the first time.</summary>
    public Task FirstConnected => _firstConnected.Task;

    /// <summary>Ends with the client.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Whether a link should begin with the empty status.</summary>
    public bool BeginsOnline => Locked(() => (_calls.LastStatus is { } call ? call.Status : _status.Last) == "");

    // ---- the caller

    public Task UpdateStatusAsync(string? status, CancellationToken cancel) => AskAsync(new StatusCall(status), cancel);

    public Task<IReadOnlyList<UserPresence>> FollowAsync(FollowRequest follow, CancellationToken cancel) => AskAsync(new FollowCall(follow), cancel);

    public Task UnfollowAsync(IEnumerable<Guid> users, CancellationToken cancel) => AskAsync(new UnfollowCall(users), cancel);

    public StatusSubscription Subscribe(bool toOwn)
    {
        lock (_gate)
        {
            var subscription = _picture.Audience.Subscribe(toOwn);
            if (_state.Phase == ConnectionPhase.Closed)
                subscription.End(EndOfSubscriptions());
            return subscription;
        }
    }

    /// <summary>The owner of the client has ended it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Become(new ConnectionState(ConnectionPhase.Closed, new PresenceConnectionException(DisconnectReason.ClosedByCaller, "The client was closed.")));
        }
    }

    // ---- the link

    /// <summary>A link is there: what was in force is restored on it, and then what has been asked for meanwhile.</summary>
    /// <param name="identity">Who the client is on it.</param>
    /// <param name="beganOnline">Whether it has begun with the empty status.</param>
    /// <returns>Ends when the link is of no use.</returns>
    public Task<PresenceConnectionException> LinkUp(Identity identity, bool beganOnline)
    {
        lock (_gate)
        {
            _identity = identity;
            _status.LinkUp(beganOnline);
            _picture.LinkUp(identity.UserId);
            var exchange = new Exchange(_format, _options.MaxMessageBytes, _options.TimeProvider);
            _dialogue = new Dialogue(exchange, _picture, _status, _calls, ready: Connected);
            _dialogue.Begin();
            return _dialogue.Dropped;
        }
    }

    /// <summary>The server has said something.</summary>
    public void Received(ServerMessage message) => Locked(() => _dialogue!.Received(message));

    /// <summary>Asks for a sign of life.</summary>
    public void Ping() => Locked(() => _dialogue!.Ping());

    /// <summary>Ends when the server has said that the token of the present link expires soon.</summary>
    public Task Expiring => Locked(() => _dialogue?.Expiring ?? Never);

    /// <summary>Asks the server to go on by another token on the present link. Never ends if the link does first.</summary>
    /// <returns>When that token expires; null if the server does not say.</returns>
    /// <exception cref="PresenceRequestException">The server refused.</exception>
    public Task<DateTimeOffset?> RefreshAsync(string token) => Locked(() => _dialogue?.RefreshAsync(token) ?? Never);

    /// <summary>When the oldest request was sent that is not answered; null: all are.</summary>
    public long? OldestSentAt => Locked(() => _dialogue?.OldestSentAt);

    /// <summary>The next bytes to write on the link, waited for if need be.</summary>
    public async Task<byte[]> OutgoingAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_dialogue!.Exchange.TryTake(out var message))
                    return message;
                more = _dialogue.Exchange.MoreAsync();
            }

            await more.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The link is over. What was not answered on it will be asked again on the next one.</summary>
    /// <param name="end">How it ended.</param>
    /// <param name="next">Decides what comes then, from why it is over and whether the client was connected by it.</param>
    public ConnectionState LinkDown(LinkEnd end, Func<PresenceConnectionException, bool, ConnectionState> next)
    {
        lock (_gate)
        {
            var wasConnected = _dialogue!.IsReady;
            var why = _dialogue.End(end);
            _dialogue = null;
            _status.LinkLost();
            _calls.LinkLost();
            _picture.Ledger.LinkLost();
            var state = next(why, wasConnected);
            Become(state);
            return state;
        }
    }

    /// <summary>The state is another one.</summary>
    public void Enter(ConnectionState state) => Locked(() => Become(state));

    // ---- with the gate held, but for the waiting

    private async Task<T> AskAsync<T>(Call<T> call, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_state.Phase == ConnectionPhase.Closed)
                throw _isDisposed ? new ObjectDisposedException(nameof(PresenceClient)) : Copy(_state.Error!);
            _calls.Add(call);
            _dialogue?.Send(call);
        }

        using (cancel.Register(() => Locked(() => _calls.Cancel(call, cancel))))
            return await call.Ended.ConfigureAwait(false);
    }

    private void Connected()
    {
        _picture.Ledger.SetCurrent(true);
        Become(new ConnectionState(ConnectionPhase.Connected));
        _firstConnected.TrySetResult(true);
    }

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
        _dialogue = null;
        _status.LinkLost();
        _picture.Ledger.SetCurrent(false);
        _calls.End(() => Copy(error));
        _picture.Audience.End(EndOfSubscriptions);
        _firstConnected.TrySetException(Copy(error));
        if (_isDisposed)
            _completion.TrySetResult(true);
        else
            _completion.TrySetException(Copy(error));
    }

    private PresenceConnectionException? EndOfSubscriptions() => _isDisposed ? null : Copy(_state.Error!);

    /// <summary>An exception that is thrown has a place; what it says may have several.</summary>
    private static PresenceConnectionException Copy(PresenceConnectionException error) => new(error.Reason, error.Message, error, error.CloseCode);

    private void Locked(Action action)
    {
        lock (_gate)
            action();
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }
}
