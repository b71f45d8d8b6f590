namespace Presence.Actors.Relays;

/// <summary>
/// Bounds how many subjects of a relay wait for an answer of their entity. An entity that has to be created, or is no longer needed,
/// costs far more than a message. With few of them under way, everything else that the node has to do waits for few (contract L2).
/// </summary>
/// <remarks>
/// An entity that does not answer, because its node has crashed or its shard moves, must not hold up the follows of others. So a
/// subject counts for a limited time, and after that its shard counts as slow until it answers. Subjects of slow shards have a
/// window of their own, which is larger: they cost little, because no entity is created while nobody answers.
/// </remarks>
/// <param name="size">How many subjects may wait.</param>
/// <param name="patience">How long a subject counts.</param>
internal sealed class FollowWindow(int size, TimeSpan patience)
{
    /// <summary>How many times larger, and more patient, the window of slow shards is.</summary>
    public const int SlowFactor = 8;

    private readonly Lane _normal = new(size, patience);
    private readonly Lane _slow = new(size * SlowFactor, patience * SlowFactor);
    private readonly HashSet<int> _slowShards = [];

    /// <summary>How many subjects wait.</summary>
    public int Count => _normal.Count + _slow.Count;

    /// <summary>Where there is room.</summary>
    public Room Room => (_normal.HasRoom ? Room.Normal : Room.None) | (_slow.HasRoom ? Room.Slow : Room.None);

    /// <summary>Whether any shard is slow.</summary>
    public bool HasSlowShards => _slowShards.Count > 0;

    /// <summary>Where a subject of a shard needs room.</summary>
    public Room NeededFor(int shard) => _slowShards.Contains(shard) ? Room.Slow : Room.Normal;

    /// <summary>A subject waits from now on, unless it does already.</summary>
    public void Enter(RelayEntry entry, int shard, TimeSpan now) => entry.Stay ??= LaneOf(shard).Enter(shard, now);

    /// <summary>The subject waits no longer: its entity has answered, or it is forgotten.</summary>
    public static void Leave(RelayEntry entry)
    {
        entry.Stay?.End();
        entry.Stay = null;
    }

    /// <summary>An entity of the shard has answered.</summary>
    public void Answered(int shard) => _slowShards.Remove(shard);

    /// <summary>Subjects that have waited for too long no longer count, and their shards are slow.</summary>
    public void Expire(TimeSpan now)
    {
        while (_normal.TryExpire(now, out var shard) || _slow.TryExpire(now, out shard))
            _slowShards.Add(shard);
    }

    private Lane LaneOf(int shard) => _slowShards.Contains(shard) ? _slow : _normal;

    /// <summary>The wait of one subject.</summary>
    internal sealed class Stay(Lane lane, int shard, TimeSpan until)
    {
        /// <summary>The shard of the subject.</summary>
        public int Shard { get; } = shard;

        /// <summary>Until when it counts.</summary>
        public TimeSpan Until { get; } = until;

        /// <summary>Whether it counts no longer.</summary>
        public bool IsOver { get; private set; }

        /// <summary>Ends the wait.</summary>
        public void End()
        {
            if (IsOver)
                return;
            IsOver = true;
            lane.Left();
        }
    }

    /// <summary>The subjects that wait under one bound, in the order in which they came.</summary>
    internal sealed class Lane(int size, TimeSpan patience)
    {
        private readonly Queue<Stay> _stays = new();

        public int Count { get; private set; }

        public bool HasRoom => Count < size;

        public Stay Enter(int shard, TimeSpan now)
        {
            var stay = new Stay(this, shard, now + patience);
            _stays.Enqueue(stay);
            Count++;
            return stay;
        }

        public void Left()
        {
            Count--;
            while (_stays.TryPeek(out var first) && first.IsOver)
                _stays.Dequeue();
        }

        public bool TryExpire(TimeSpan now, out int shard)
        {
            if (_stays.TryPeek(out var first) && first.Until <= now)
            {
                shard = first.Shard;
                first.End();
                return true;
            }

            shard = 0;
            return false;
        }
    }
}
