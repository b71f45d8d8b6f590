using System.Collections.Concurrent;
using System.Diagnostics;
using Presence.Actors.Dispatch;

namespace Presence.Host.Links.Loops;

/// <summary>
/// One thread that does everything that belongs to some links: what comes from their sockets, the work that others post, and
/// then one flush for all that was written meanwhile. So what belongs to one loop needs no locks, and a burst of messages to a
/// client costs one write.
/// </summary>
/// <remarks>
/// <para>
/// A turn has five steps: wait until there is something; handle what the sockets report; do posted work; do background work; flush
/// what was marked. The second and the third step have a budget each (<see cref="TurnBudget"/>): when that is spent, what is
/// left waits for the next turn, behind the flush. So nobody's output waits for a flood of input or work, and neither of the two
/// waits for the other. One socket is read once per turn. The thread sleeps only when there is neither work nor anything marked, and
/// an idle loop costs nothing.
/// </para>
/// <para>
/// Background work is what thousands of clients can cause at one moment and none waits for: accepting, ending, the slices of large
/// requests. A turn does one item of it, or some if there is no other work. What an item causes is ordinary work of the next turn.
/// So a client that sends an update waits for no more than a few items, however many there are (contract L2, L5). While many connections
/// end in each turn, there is no background work for a short time (<see cref="EndBurst"/>).
/// </para>
/// <para>
/// A large flush, of <see cref="LargeFlush"/> or more, takes longer than another look: what has come since the turn began is done
/// first, so that it shares the writes. The looks are counted, their work is the turn's, and none waits for what may come.
/// </para>
/// <para>
/// Waking: the thread announces that it is about to sleep and then looks for work once more; a poster queues first and then
/// looks for the announcement. With a full fence between the two on either side, at least one of them sees the other. Only
/// the poster that withdraws the announcement pays for the wake-up; while the thread is awake, posting is no more than queueing.
/// </para>
/// <para>Work must not block: everybody on this loop would wait for it.</para>
/// </remarks>
internal abstract partial class WorkLoop : ILoop, IDisposable
{
    /// <summary>How many items of work are done before the sockets have their turn again, however little time they take.</summary>
    public const int WorkPerTurn = 8192;

    /// <summary>
    /// How long the sockets of a turn are read before what is left waits for the next turn: no longer than any one message may keep a
    /// loop (contract L2). It ends after the socket that is being read.
    /// </summary>
    public static readonly TimeSpan BudgetOfReads = TimeSpan.FromMilliseconds(2);

    /// <summary>
    /// How long the work of a turn lasts, likewise. It is longer, since what is done in one turn shares writes: with less, a busy loop,
    /// or one that the system lets wait, would write more often for the same messages.
    /// </summary>
    public static readonly TimeSpan BudgetOfWork = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// How long the work of a turn lasts at most, behind flushes that take as long: when a thousand clients are written to in each turn,
    /// the writes are what a turn costs, and more work per turn means fewer of them.
    /// </summary>
    public static readonly TimeSpan MostWork = TimeSpan.FromMilliseconds(15);

    /// <summary>How many items of background work are done in a turn without other work.</summary>
    public const int BackgroundPerTurn = 16;

    /// <summary>After what time no more background work is done in a turn.</summary>
    public static readonly TimeSpan BudgetOfBackground = TimeSpan.FromMilliseconds(0.5);

    /// <summary>How long an item that causes work in the turns to come keeps the next one waiting at most.</summary>
    public static readonly TimeSpan BusyPerItem = TimeSpan.FromMilliseconds(2);

    /// <summary>How long such an item may keep the loop busy before the next one waits: a connection without follows takes a quarter of it.</summary>
    public static readonly TimeSpan FreePerItem = TimeSpan.FromMilliseconds(0.35);

    /// <summary>From how many marked on a flush is worth another look for what shares it.</summary>
    public const int LargeFlush = 32;

    /// <summary>How many such looks there are in a turn.</summary>
    public const int LooksPerTurn = 4;

    [ThreadStatic]
    private static WorkLoop? t_current;

    private readonly ILogger _log;
    private readonly Thread _thread;
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _posted = new();
    private readonly ConcurrentQueue<IThreadPoolWorkItem> _background = new();

    // Of the thread itself: what it posts to itself needs no fences.
    private readonly Queue<IThreadPoolWorkItem> _own = new();
    private TimeSpan _budgetOfWork = BudgetOfWork;
    private readonly BusyPace _pace = new(BusyPerItem, FreePerItem);
    private readonly EndBurst _burst = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private TimeSpan _turnBeganAt;
    private TimeSpan _busy;
    private List<IFlush> _marked = [];
    private List<IFlush> _flushing = [];

    // Written by the thread and by whoever wakes it.
    private int _isAsleep;
    private volatile bool _isEnding;
    private volatile bool _hasEnded;

    /// <param name="number">Tells the loops of a process apart, in the name of the thread.</param>
    /// <param name="log">Where faults of the work go.</param>
    protected WorkLoop(int number, ILogger log)
    {
        _log = log;
        _thread = new Thread(Run) { IsBackground = true, Name = $"presence loop {number}" };
    }

    /// <summary>How many items of work other threads have posted that have not been run. From any thread.</summary>
    public int Posted => _posted.Count;

    /// <summary>
    /// Begins a group of items, each of which causes work in the turns to come, if it need not wait (<see cref="BusyPace"/>). Call it on the
    /// loop's thread.
    /// </summary>
    /// <param name="most">How many items there may be.</param>
    /// <param name="wait">How long to wait before asking again, if none begins.</param>
    /// <returns>How many items begin now.</returns>
    public int BeginGroup(int most, out TimeSpan wait)
    {
        var now = Stopwatch.GetElapsedTime(_startedAt);
        return _pace.Begin(most, now, _busy + (now - _turnBeganAt), out wait);
    }

    /// <inheritdoc/>
    public bool IsCurrent => t_current == this;

    /// <summary>
    /// Has something done by the loop's thread, after everything that the same caller posted before. From any thread. A loop that
    /// has ended passes it to the thread pool: whoever waits for it should not wait for ever.
    /// </summary>
    public void Post(IThreadPoolWorkItem work)
    {
        if (IsCurrent)
        {
            _own.Enqueue(work);
            return;
        }

        _posted.Enqueue(work);
        WakeForWork();
    }

    /// <inheritdoc/>
    public void PostBackground(IThreadPoolWorkItem work)
    {
        _background.Enqueue(work);
        if (!IsCurrent)
            WakeForWork();
    }

    /// <summary>A connection has ended. On the loop's thread.</summary>
    public void ConnectionEnded() => _burst.ConnectionEnded();

    /// <summary>
    /// Completes when the loop has a turn for background work and a group of items begins (<see cref="BusyPace"/>), with the number of
    /// items. From any thread.
    /// </summary>
    /// <param name="most">How many items there may be.</param>
    public async Task<int> BackgroundGroupAsync(int most)
    {
        while (true)
        {
            var turn = new Turn(this, most);
            PostBackground(turn);
            var (items, wait) = await turn.Task.ConfigureAwait(false);
            if (items > 0)
                return items;
            await Task.Delay(wait).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Marks something to be flushed at the end of this turn; if the flushing has begun already, then in the next one, before the
    /// thread sleeps. On the loop's thread only.
    /// </summary>
    public void FlushAtEnd(IFlush link)
    {
        if (!IsCurrent)
            throw new InvalidOperationException("Only the thread of the loop may mark what it is to flush.");
        if (link.IsMarked)
            return;
        link.IsMarked = true;
        _marked.Add(link);
    }

    /// <summary>Ends the loop after its current turn, and waits for its thread unless that is the caller.</summary>
    public void Dispose()
    {
        _isEnding = true;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isAsleep) != 0)
            WakeOnce();
        if (!IsCurrent)
            _thread.Join();
    }

    /// <summary>Begins the turns; the last act of a constructor.</summary>
    protected void Start() => _thread.Start();

    /// <summary>Waits until there is something to dispatch, or until it is woken.</summary>
    /// <param name="mayBlock">False only looks whether there is something.</param>
    /// <returns>How much there is to dispatch.</returns>
    protected abstract int Wait(bool mayBlock);

    /// <summary>Handles what the last wait found, or as much of it as the budget allows; the next wait finds the rest again.</summary>
    /// <param name="count">How much the last wait found.</param>
    /// <param name="budget">What this may take. At least one socket is handled, whatever is left of it.</param>
    protected abstract void Dispatch(int count, ref TurnBudget budget);

    /// <summary>Ends the wait that is going on or, if there is none, the next one. From any thread.</summary>
    /// <exception cref="ObjectDisposedException">The loop has ended meanwhile.</exception>
    protected abstract void Wake();

    /// <summary>The last that happens on the thread: gives back what the loop holds.</summary>
    protected abstract void End();

    /// <summary>Tells of an exception that had nowhere else to go.</summary>
    [LoggerMessage(Level = LogLevel.Error, Message = "Something on an event loop failed; the loop goes on.")]
    private static partial void Failed(ILogger log, Exception fault);

    /// <summary>Tells of an exception that had nowhere else to go.</summary>
    protected void Failed(Exception fault) => Failed(_log, fault);

    private void Run()
    {
        t_current = this;
        try
        {
            while (!_isEnding)
            {
                var found = Await();
                _turnBeganAt = Stopwatch.GetElapsedTime(_startedAt);
                var reads = new TurnBudget(int.MaxValue, BudgetOfReads);
                Dispatch(found, ref reads);
                var work = new TurnBudget(WorkPerTurn, _budgetOfWork);
                DoWork(ref work);
                Gather(ref reads, ref work);
                DoBackground();
                FlushMarked();
                _busy += Stopwatch.GetElapsedTime(_startedAt) - _turnBeganAt;
            }

            End();
        }
        finally
        {
            t_current = null;
            _hasEnded = true;
            Interlocked.MemoryBarrier();
            while (_own.TryDequeue(out var work))
                ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
            PassOn();
        }
    }

    private bool HasWork => _own.Count > 0 || !_posted.IsEmpty;

    private int Await()
    {
        if (HasWork || _marked.Count > 0 || !_background.IsEmpty)
            return Wait(mayBlock: false);
        Volatile.Write(ref _isAsleep, 1);
        Interlocked.MemoryBarrier();
        var found = Wait(mayBlock: _posted.IsEmpty && _background.IsEmpty && !_isEnding);
        // Before anything is done: whoever posts from now on need not wake anybody.
        Volatile.Write(ref _isAsleep, 0);
        return found;
    }

    private void DoWork(ref TurnBudget budget)
    {
        do
        {
            // One of each, so that neither kind keeps the other waiting.
            var hasOwn = _own.TryDequeue(out var own);
            if (hasOwn)
                Do(own!);
            var hasPosted = _posted.TryDequeue(out var posted);
            if (hasPosted)
                Do(posted!);
            if (!hasOwn && !hasPosted)
                return;
            budget.Spend((hasOwn ? 1 : 0) + (hasPosted ? 1 : 0));
        }
        while (!budget.IsSpent);
    }

    private void Gather(ref TurnBudget reads, ref TurnBudget work)
    {
        for (var look = 0; look < LooksPerTurn && !reads.IsSpent && !work.IsSpent && _marked.Count >= LargeFlush; look++)
        {
            var found = Wait(mayBlock: false);
            if (found == 0 && !HasWork)
                return;
            Dispatch(found, ref reads);
            DoWork(ref work);
        }
    }

    /// <summary>
    /// Does background work: what was there before, since an item may post the next one of its kind, and one item if other work waits.
    /// </summary>
    private void DoBackground()
    {
        var isBurst = _burst.IsOnAfterTurn(Environment.TickCount64);
        if (isBurst || _background.IsEmpty)
            return;
        var left = HasWork ? 1 : Math.Min(_background.Count, BackgroundPerTurn);
        var begin = Stopwatch.GetTimestamp();
        while (left-- > 0 && _background.TryDequeue(out var work))
        {
            Do(work);
            if (Stopwatch.GetElapsedTime(begin) > BudgetOfBackground)
                return;
        }
    }

    private void Do(IThreadPoolWorkItem work)
    {
        try
        {
            work.Execute();
        }
        catch (Exception fault)
        {
            Failed(fault);
        }
    }

    private void FlushMarked()
    {
        if (_marked.Count == 0)
            return;
        var isLarge = _marked.Count >= LargeFlush;
        var begin = isLarge ? Stopwatch.GetTimestamp() : 0;
        // What is marked from here on is of the next turn: a link that marks itself again and again must not keep the others waiting.
        (_flushing, _marked) = (_marked, _flushing);
        foreach (var link in _flushing)
        {
            link.IsMarked = false;
            try
            {
                link.Flush();
            }
            catch (Exception fault)
            {
                Failed(fault);
            }
        }

        _flushing.Clear();
        _budgetOfWork = isLarge ? Within(Stopwatch.GetElapsedTime(begin)) : BudgetOfWork;
    }

    /// <summary>The time of a large flush as a budget.</summary>
    private static TimeSpan Within(TimeSpan flush) => flush < BudgetOfWork ? BudgetOfWork : flush > MostWork ? MostWork : flush;

    /// <summary>Work was queued by another thread: wakes the loop, or lets the thread pool do it if the loop has ended.</summary>
    private void WakeForWork()
    {
        Interlocked.MemoryBarrier();
        if (_hasEnded)
            PassOn();
        else if (Volatile.Read(ref _isAsleep) != 0)
            WakeOnce();
    }

    private void WakeOnce()
    {
        if (Interlocked.Exchange(ref _isAsleep, 0) == 0)
            return;
        try
        {
            Wake();
        }
        catch (ObjectDisposedException)
        {
            // Something else has woken the thread, and it has ended.
        }
    }

    private void PassOn()
    {
        while (_posted.TryDequeue(out var work) || _background.TryDequeue(out work))
            ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
    }

    private sealed class Turn(WorkLoop loop, int most) : IThreadPoolWorkItem
    {
        private readonly TaskCompletionSource<(int Items, TimeSpan Wait)> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<(int Items, TimeSpan Wait)> Task => _begun.Task;

        public void Execute() => _begun.SetResult((loop.BeginGroup(most, out var wait), wait));
    }
}
