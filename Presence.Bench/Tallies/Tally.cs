using Presence.Bench.Plans;
using Presence.Bench.Wire;

namespace Presence.Bench.Tallies;

/// <summary>
/// Counts what was sent and what arrived. What a connection should have been told follows from the plan and from what was sent;
/// what it was told of it has counted. The two are compared connection by connection, so that what one was told twice does not make
/// up for what another was not told.
/// </summary>
internal sealed class Tally(FollowPlan plan)
{
    private readonly long[] _numbers = new long[plan.Connections];
    private readonly long[] _sent = new long[plan.Connections];
    private readonly long[] _told = new long[plan.Connections];
    private long _expected;
    private long _received;
    private long _covered;

    /// <summary>How many updates have been sent.</summary>
    public long Updates { get; private set; }

    /// <summary>How many of them have been acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>How many deliveries those updates are worth.</summary>
    public long Expected => Volatile.Read(ref _expected);

    /// <summary>How many of the events that show them have arrived.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Whether as many updates have been told as were to be.</summary>
    public bool IsComplete => _covered >= _expected;

    /// <summary>Begins to count anew. The updates of a publisher keep their numbers.</summary>
    public void Restart()
    {
        Array.Clear(_sent);
        Array.Clear(_told);
        (Updates, Acknowledged, _expected, _received, _covered) = (0, 0, 0, 0, 0);
    }

    /// <summary>The number of the next update of a publisher, which is about to be sent.</summary>
    public long Send(int publisher)
    {
        Updates++;
        _sent[publisher]++;
        _expected += plan.Worth(publisher);
        return ++_numbers[publisher];
    }

    /// <summary>A connection has been told of updates.</summary>
    public void Tell(int connection, in EventMarks marks)
    {
        _received += marks.Joins;
        _covered += marks.Covered;
        _told[connection] += marks.Covered;
    }

    /// <summary>An update has been acknowledged.</summary>
    public void Acknowledge() => Acknowledged++;

    /// <summary>The account, when nothing more will arrive.</summary>
    public Deliveries Close()
    {
        long lost = 0, duplicated = 0;
        for (var i = 0; i < plan.Connections; i++)
        {
            var due = _sent[i];
            foreach (var followed in plan.FollowedBy(i))
                due += _sent[followed];
            lost += Math.Max(0, due - _told[i]);
            duplicated += Math.Max(0, _told[i] - due);
        }

        return new Deliveries(_expected, _received, Math.Max(0, _covered - _received), lost, duplicated);
    }
}

/// <summary>What has become of the deliveries that there should have been.</summary>
/// <param name="Expected">How many there should have been: for each update one to each follower and one to its publisher.</param>
/// <param name="Received">How many statuses were shown by events.</param>
/// <param name="Merged">
/// How many updates were told only by an event that shows a later one, because the server merges for those who are behind. Not lost.
/// </param>
/// <param name="Lost">How many updates a connection was never told of.</param>
/// <param name="Duplicated">How many updates a connection was told of once too often.</param>
internal readonly record struct Deliveries(long Expected, long Received, long Merged, long Lost, long Duplicated)
{
    /// <summary>Whether every connection was told of every update once, or of a later one with it.</summary>
    internal bool IsExact => Lost == 0 && Duplicated == 0;
}
