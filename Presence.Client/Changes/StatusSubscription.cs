using System.Diagnostics.CodeAnalysis;
using Presence.Client.Changes;

namespace Presence.Client;

/// <summary>
/// The changes from one instant on, for one consumer. From its creation on every change is kept for it until it takes it; should it
/// be slow, the changes of one session are merged (see <see cref="PresenceClientOptions.Backlog"/>). It ends with the client: quietly if the
/// client was disposed of, else with the exception that says why. What is kept is told first.
/// </summary>
public sealed class StatusSubscription : IAsyncEnumerable<StatusChange>, IAsyncDisposable
{
    private readonly object _gate;
    private readonly Func<Roster> _roster;
    private readonly Action<StatusSubscription> _leave;
    private readonly Backlog _backlog;
    private TaskCompletionSource<bool>? _news;
    private Exception? _fault;
    private Roster? _last;
    private bool _isOver;

    /// <param name="gate">Held by whoever adds to it and takes from it.</param>
    /// <param name="roster">What the client shows now, asked for with the gate held.</param>
    /// <param name="capacity">How many changes are kept apart.</param>
    /// <param name="leave">What is to be told that the consumer wants no more, with the gate held.</param>
    internal StatusSubscription(object gate, Func<Roster> roster, int capacity, Action<StatusSubscription> leave)
    {
        _gate = gate;
        _roster = roster;
        _leave = leave;
        _backlog = new Backlog(capacity);
    }

    /// <summary>
    /// The roster as this consumer has been told: what it was when the subscription began, with the changes that have been taken
    /// and the answers to follows. Each change that is taken begins where this ended.
    /// </summary>
    public Roster Roster
    {
        get
        {
            lock (_gate)
                return _last ?? _backlog.Undo(_roster());
        }
    }

    /// <summary>Takes the next change if there is one already: for loops that look around once a frame.</summary>
    /// <param name="change">The change.</param>
    /// <exception cref="PresenceException">The client has ended by itself, and everything has been taken.</exception>
    public bool TryTake([NotNullWhen(true)] out StatusChange? change)
    {
        lock (_gate)
        {
            if (_backlog.TryTake(out var taken))
            {
                change = taken;
                return true;
            }

            change = null;
            return _fault is null ? false : throw _fault;
        }
    }

    /// <summary>
    /// Takes the changes, one after the other, waiting for them if need be. There is one sequence of them: whoever enumerates again
    /// goes on where the last one stopped.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting, with an <see cref="OperationCanceledException"/>.</param>
    public IAsyncEnumerator<StatusChange> GetAsyncEnumerator(CancellationToken cancellationToken = default) => Enumerate(false, cancellationToken);

    /// <summary>Ends the subscription: nothing is kept for it any more, and whoever enumerates it comes to the end.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            // As it was told up to here, and not a word more, of whatever end.
            _last ??= _backlog.Undo(_roster());
            (_isOver, _fault) = (true, null);
            while (_backlog.TryTake(out _))
            {
                // Nobody will.
            }

            _leave(this);
            Announce();
        }

        return default;
    }

    /// <param name="isOwner">Whether the subscription ends with its enumeration.</param>
    /// <param name="cancel">Ends the waiting.</param>
    internal IAsyncEnumerator<StatusChange> Enumerate(bool isOwner, CancellationToken cancel) => new Enumerator(this, isOwner, cancel);

    /// <summary>To be called with the gate held.</summary>
    internal void Add(StatusChange change)
    {
        _backlog.Add(change);
        Announce();
    }

    /// <summary>To be called with the gate held.</summary>
    internal void Forget(Guid user) => _backlog.Forget(user);

    /// <summary>Nothing comes any more. To be called with the gate held.</summary>
    internal void End(Exception? fault)
    {
        (_isOver, _fault) = (true, fault);
        Announce();
    }

    private void Announce()
    {
        _news?.TrySetResult(true);
        _news = null;
    }

    private sealed class Enumerator(StatusSubscription subscription, bool isOwner, CancellationToken cancel) : IAsyncEnumerator<StatusChange>
    {
        private StatusChange? _current;

        public StatusChange Current => _current ?? throw new InvalidOperationException("No change has been taken yet.");

        public async ValueTask<bool> MoveNextAsync()
        {
            while (true)
            {
                cancel.ThrowIfCancellationRequested();
                Task news;
                lock (subscription._gate)
                {
                    if (subscription.TryTake(out _current))
                        return true;
                    if (subscription._isOver)
                        return false;
                    subscription._news ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                    news = subscription._news.Task;
                }

                await news.WaitAsync(cancel).ConfigureAwait(false);
            }
        }

        public ValueTask DisposeAsync() => isOwner ? subscription.DisposeAsync() : default;
    }
}
