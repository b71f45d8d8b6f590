using System.Diagnostics.CodeAnalysis;
using Presence.Actors.Limits;
using Presence.Actors.Model;

namespace Presence.Actors.Relays;

/// <summary>
/// The order in which a relay carries out follows and unfollows: users take turns, and the work of one user is done in the order in
/// which it came, whichever of its connections asked. So a user who asks for much waits for itself, and an unfollow is carried
/// out before the same user gets the next follow (contract L2).
/// </summary>
/// <remarks>
/// Pure: it knows neither actors nor a clock. A user is <em>ready</em>, or <em>blocked</em> because its next step needs room in the
/// <see cref="FollowWindow"/>, or <em>throttled</em> because it has used up its rate of new follows. Only a user with work, or whose
/// rate is not refilled yet, takes memory.
/// </remarks>
/// <typeparam name="TWork">A piece of work; it keeps its own progress.</typeparam>
/// <param name="limit">How many new follows a user may begin. Times are in milliseconds of one clock.</param>
internal sealed class FollowScheduler<TWork>(RateLimit limit)
    where TWork : class
{
    private readonly Dictionary<UserId, Turn> _users = [];
    private readonly Queue<Turn> _ready = new();
    private readonly Queue<Turn> _blocked = new();
    private readonly Queue<Turn> _blockedByCreation = new();
    private readonly Queue<Turn> _blockedBySlow = new();
    private readonly Queue<Turn> _throttled = new();

    // Users without work, in the order in which their rate is refilled, as far as that is known.
    private readonly Queue<Turn> _idle = new();

    /// <summary>How many users take memory here.</summary>
    public int Users => _users.Count;

    /// <summary>Whether a user can go on now.</summary>
    /// <param name="room">Where the window has room.</param>
    public bool CanGoOn(Room room) =>
        _ready.Count > 0
        || (_blocked.Count > 0 && (room & Room.Normal) != 0)
        || (_blockedByCreation.Count > 0 && (room & Room.Creation) != 0)
        || (_blockedBySlow.Count > 0 && (room & Room.Slow) != 0);

    /// <summary>Whether nobody is ready or blocked: nothing can go on, whatever there is room for.</summary>
    public bool IsIdle => (_ready.Count | _blocked.Count | _blockedByCreation.Count | _blockedBySlow.Count) == 0;

    /// <summary>Adds work behind all other work of its user.</summary>
    public void Enqueue(UserId user, TWork work)
    {
        if (!_users.TryGetValue(user, out var turn))
            _users[user] = turn = new Turn(user);
        turn.Work.Enqueue(work);
        if (turn.State == TurnState.Idle)
            MakeReady(turn);
    }

    /// <summary>The user whose turn it is: a blocked one first if there is room, since it has waited longer.</summary>
    /// <param name="room">Where the window has room.</param>
    /// <param name="turn">The turn; it ends with <see cref="Yield"/>, <see cref="Block"/> or <see cref="Throttle"/>.</param>
    public bool TryNext(Room room, [NotNullWhen(true)] out Turn? turn) =>
        ((room & Room.Normal) != 0 && _blocked.TryDequeue(out turn))
        || ((room & Room.Creation) != 0 && _blockedByCreation.TryDequeue(out turn))
        || ((room & Room.Slow) != 0 && _blockedBySlow.TryDequeue(out turn))
        || _ready.TryDequeue(out turn);

    /// <summary>Takes one new follow from the rate of the user; false if the rate is used up.</summary>
    public bool TryTakeFollow(Turn turn, long now) => turn.Begun.TryUse(limit, now);

    /// <summary>The first work of the user is done.</summary>
    public static void Complete(Turn turn) => turn.Work.Dequeue();

    /// <summary>Ends the turn; the user's next one comes behind those of all others.</summary>
    public void Yield(Turn turn)
    {
        if (turn.Work.Count > 0)
        {
            MakeReady(turn);
            return;
        }

        turn.State = TurnState.Idle;
        if (!limit.IsLimited)
        {
            _users.Remove(turn.User);
        }
        else if (!turn.IsInIdleQueue)
        {
            turn.IsInIdleQueue = true;
            _idle.Enqueue(turn);
        }
    }

    /// <summary>Ends the turn: the next step needs room in the window.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="until">Where it needs room.</param>
    public void Block(Turn turn, Room until)
    {
        turn.State = TurnState.Blocked;
        (until switch { Room.Slow => _blockedBySlow, Room.Creation => _blockedByCreation, _ => _blocked }).Enqueue(turn);
    }

    /// <summary>Ends the turn: the rate of the user is used up.</summary>
    public void Throttle(Turn turn)
    {
        turn.State = TurnState.Throttled;
        _throttled.Enqueue(turn);
    }

    /// <summary>Some time has passed: throttled users go on as far as their rate allows, and idle ones are forgotten.</summary>
    public void Tick(long now)
    {
        for (var left = _throttled.Count; left > 0; left--)
        {
            var turn = _throttled.Dequeue();
            if (turn.Begun.HasToken(limit, now))
                MakeReady(turn);
            else
                _throttled.Enqueue(turn);
        }

        // The others behind the first one wait for it, though at most for the time in which a bucket is refilled.
        while (_idle.TryPeek(out var first) && (first.State != TurnState.Idle || first.Begun.IsFull(now)))
        {
            _idle.Dequeue();
            first.IsInIdleQueue = false;
            if (first.State == TurnState.Idle)
                _users.Remove(first.User);
        }
    }

    private void MakeReady(Turn turn)
    {
        turn.State = TurnState.Ready;
        _ready.Enqueue(turn);
    }

    /// <summary>One user with work.</summary>
    internal sealed class Turn(UserId user)
    {
        /// <summary>The follows that the user has begun.</summary>
        internal TokenBucket Begun;

        /// <summary>The user.</summary>
        public UserId User { get; } = user;

        /// <summary>The work that is first.</summary>
        public TWork First => Work.Peek();

        internal Queue<TWork> Work { get; } = new();


        internal TurnState State { get; set; }

        internal bool IsInIdleQueue { get; set; }
    }

    internal enum TurnState : byte
    {
        /// <summary>There is no work.</summary>
        Idle,

        /// <summary>It is in line for the next turn, or has it.</summary>
        Ready,

        /// <summary>It waits for room in the window.</summary>
        Blocked,

        /// <summary>It waits until its rate allows more.</summary>
        Throttled,
    }
}

/// <summary>For what there is room now.</summary>
[Flags]
internal enum Room
{
    /// <summary>For nothing.</summary>
    None = 0,

    /// <summary>For subjects of shards that answer.</summary>
    Normal = 1,

    /// <summary>For subjects of slow shards.</summary>
    Slow = 2,

    /// <summary>For subjects of shards that answer, even if their entity has to be created.</summary>
    Creation = 4,
}
