using Presence.Client.Connections;
using Presence.Client.Reconnecting;
using Presence.Client.Requests;
using Presence.Client.Wire;

namespace Presence.Client;

/// <summary>
/// A client of a presence server: shows a status, follows users, and is told of every change. It reconnects by itself and restores what it
/// was asked for; what happened meanwhile it tells as ordinary changes. All members may be used by any number of threads.
/// </summary>
/// <remarks>
/// <para>
/// Everything has one order. An answer to <see cref="FollowAsync(IEnumerable{Guid}, IEnumerable{string}, CancellationToken)"/> is one instant, in the
/// <see cref="Roster"/> before the call returns, and every later change of its users follows as a change that begins there. So
/// <see cref="Roster"/> is always the sum of the answers and the changes. What an answer shows of a user who was followed before is
/// no news, and where it differs it is told as a change.
/// </para>
/// <para>
/// Unfollowing drops a user from the roster without a change, and also what a slow consumer has not taken yet: after
/// <see cref="UnfollowAsync(IEnumerable{Guid}, CancellationToken)"/> has returned no change of that user is delivered.
/// </para>
/// <para>
/// While there is no connection the roster stays what was last known, and says so by <see cref="Roster.IsCurrent"/>. What is
/// asked for then waits, and ends when it is in force on the next connection, was refused or cancelled, or when the client ends.
/// </para>
/// <para>
/// The client's own user is not in the roster, whoever follows it: a connection is told of its own user's changes, but never of
/// what the user's other devices showed before. See <see cref="Status"/> and <see cref="OwnChanges"/>.
/// </para>
/// </remarks>
public sealed class PresenceClient : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Conversation _conversation;
    private readonly Task _loop;
    private int _isDisposed;

    private PresenceClient(PresenceClientOptions options, bool isPatient)
    {
        _conversation = new Conversation(options);
        Changes = new ChangeStream(_conversation, toOwn: false);
        OwnChanges = new ChangeStream(_conversation, toOwn: true);
        States = new StateStream(_conversation);
        var loop = new ConnectionLoop(options, _conversation);
        var retries = new Retries(options.Reconnect, isPatient, options.TimeProvider, Backoff.Chance);
        // It outlives whatever its maker is in the middle of.
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
            _loop = Task.Run(() => loop.RunAsync(retries, _stop.Token));
    }

    /// <summary>
    /// Connects, and returns when the client is connected. It does not try again if that fails, but for a token that is refused: another one
    /// is asked for, once.
    /// </summary>
    /// <param name="options">Where, as whom and how.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="PresenceConnectionException">There is no connection; the exception says why.</exception>
    public static async Task<PresenceClient> ConnectAsync(PresenceClientOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        cancel.ThrowIfCancellationRequested();
        var client = new PresenceClient(options, isPatient: false);
        try
        {
            await client._conversation.FirstConnected.WaitAsync(cancel).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Begins to connect and returns at once: what is asked for waits for the connection. If the first attempt fails, the client tries again
    /// as <see cref="PresenceClientOptions.Reconnect"/> says.
    /// </summary>
    /// <param name="options">Where, as whom and how.</param>
    public static PresenceClient Start(PresenceClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PresenceClient(options, isPatient: true);
    }

    /// <summary>The state of the connection.</summary>
    public ConnectionState State => _conversation.State;

    /// <summary>
    /// The states of the connection: the present one first, then the latest whenever it changes, up to and including the end. A
    /// consumer that is slow misses what has passed. When it tells that the client is connected again, the changes since are in
    /// <see cref="Changes"/> already.
    /// </summary>
    public IAsyncEnumerable<ConnectionState> States { get; }

    /// <summary>Ends with the client: with an exception if the client has ended by itself, see <see cref="PresenceConnectionException"/>.</summary>
    public Task Completion => _conversation.Completion;

    /// <summary>Who of the followed users is online, and what they show, at this instant.</summary>
    public Roster Roster => _conversation.Roster;

    /// <summary>
    /// The changes of the followed users. Each enumeration is a subscription of its own that begins when it does; see
    /// <see cref="Subscribe"/> to begin at a known roster.
    /// </summary>
    public IAsyncEnumerable<StatusChange> Changes { get; }

    /// <summary>
    /// The changes of this client's own user: this connection's, and those of the user's other devices as far as the server tells
    /// them. What another device showed before it was first heard of is not known, so its first change may begin anywhere. After a
    /// reconnect nothing is known of the other devices again, and no differences are told.
    /// </summary>
    public IAsyncEnumerable<StatusChange> OwnChanges { get; }

    /// <summary>
    /// What this connection shows, as far as the server has acknowledged; null: nothing. It is null while there is no connection.
    /// </summary>
    public string? Status => _conversation.Shown;

    /// <summary>The client's own user; null until it is known, which it is from the token or from the server when connected.</summary>
    public Guid? UserId => _conversation.Identity.UserId;

    /// <summary>The name of the client's own user; null until it is known.</summary>
    public string? Username => _conversation.Identity.Username;

    /// <summary>The session of the present or last connection; null if the server does not tell it, as on a WebSocket.</summary>
    public string? SessionId => _conversation.Identity.SessionId;

    /// <summary>Begins a subscription to <see cref="Changes"/> at this instant, which <see cref="StatusSubscription.Roster"/> shows.</summary>
    public StatusSubscription Subscribe() => _conversation.Subscribe(toOwn: false);

    /// <summary>
    /// Shows a status; returns when it is in force. If it is cancelled after it was sent, it may be in force nevertheless:
    /// <see cref="Status"/> tells. If the connection is lost meanwhile, a later status takes the place of this one.
    /// </summary>
    /// <param name="status">Any text of at most 2048 bytes of UTF-8, also the empty one.</param>
    /// <param name="cancel">Waits no longer.</param>
    /// <exception cref="ArgumentException">The text has half of a surrogate pair.</exception>
    /// <exception cref="PresenceRequestException">The server refused it.</exception>
    /// <exception cref="PresenceConnectionException">The client has ended.</exception>
    public Task SetStatusAsync(string status, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(status);
        if (!Utf8.IsWhole(status))
            throw new ArgumentException("A status has whole characters.", nameof(status));
        return _conversation.UpdateStatusAsync(status, cancel);
    }

    /// <summary>Shows nothing any more: to others that looks as if this connection had ended.</summary>
    /// <param name="cancel">Waits no longer; as for <see cref="SetStatusAsync"/>.</param>
    /// <exception cref="PresenceConnectionException">The client has ended.</exception>
    public Task EraseStatusAsync(CancellationToken cancel = default) => _conversation.UpdateStatusAsync(null, cancel);

    /// <inheritdoc cref="FollowAsync(IEnumerable{Guid}, IEnumerable{string}, CancellationToken)"/>
    public Task<IReadOnlyList<UserPresence>> FollowAsync(IEnumerable<Guid> userIds, CancellationToken cancel = default) =>
        FollowAsync(userIds, [], cancel);

    /// <inheritdoc cref="FollowAsync(IEnumerable{Guid}, IEnumerable{string}, CancellationToken)"/>
    public Task<IReadOnlyList<UserPresence>> FollowAsync(IEnumerable<string> usernames, CancellationToken cancel = default) =>
        FollowAsync([], usernames, cancel);

    /// <summary>
    /// Follows users; returns when all of them are followed, with what they show at that instant. If it is cancelled, users who were
    /// not followed before are not followed. Following oneself says nothing.
    /// </summary>
    /// <param name="userIds">Users by id, whether they are online or not.</param>
    /// <param name="usernames">Users by name. A name that nobody has yet is followed as soon as somebody has it, if the server can.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Every visible presence of these users; none of users who are offline.</returns>
    /// <exception cref="ArgumentException">A name is empty or has half of a surrogate pair.</exception>
    /// <exception cref="PresenceRequestException">The server refused, as when these were too many; nothing of it is in force.</exception>
    /// <exception cref="PresenceConnectionException">The client has ended.</exception>
    public Task<IReadOnlyList<UserPresence>> FollowAsync(IEnumerable<Guid> userIds, IEnumerable<string> usernames, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(userIds);
        ArgumentNullException.ThrowIfNull(usernames);
        var names = usernames.ToList();
        if (names.Exists(name => string.IsNullOrEmpty(name) || !Utf8.IsWhole(name)))
            throw new ArgumentException("A name has at least one character, and whole ones.", nameof(usernames));
        return _conversation.FollowAsync(new FollowRequest(userIds, names), cancel);
    }

    /// <summary>
    /// Unfollows users; from when it returns they are not in the roster, and no change of them is delivered. If it is cancelled after it was
    /// sent, they may be unfollowed nevertheless.
    /// </summary>
    /// <param name="userIds">Users by id, also those who were followed by name.</param>
    /// <param name="cancel">Waits no longer.</param>
    /// <exception cref="PresenceConnectionException">The client has ended.</exception>
    public Task UnfollowAsync(IEnumerable<Guid> userIds, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(userIds);
        return _conversation.UnfollowAsync(userIds, cancel);
    }

    /// <summary>
    /// Closes the connection and ends the client: calls that wait fail, enumerations end. When it returns nothing of the client runs any more.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            _stop.Cancel();
        await _loop.ConfigureAwait(false);
        _stop.Dispose();
    }

    private sealed class ChangeStream(Conversation conversation, bool toOwn) : IAsyncEnumerable<StatusChange>
    {
        public IAsyncEnumerator<StatusChange> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            conversation.Subscribe(toOwn).Enumerate(isOwner: true, cancellationToken);
    }

    private sealed class StateStream(Conversation conversation) : IAsyncEnumerable<ConnectionState>
    {
        public async IAsyncEnumerator<ConnectionState> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                var state = conversation.State;
                yield return state;
                if (state.Phase == ConnectionPhase.Closed)
                    yield break;
                await state.Passed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
