namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// What lies between two nodes, both ways and over all connections: it can hold what is sent, as a network does that is
/// interrupted, slow it down, and lose messages.
/// </summary>
public sealed class Wire(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly HashSet<ProxiedConnection> _connections = [];
    private TaskCompletionSource? _interruption;
    private int _loss;
    private TimeSpan _delay;
    private int _held;

    /// <summary>How much later everything arrives.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (_gate)
                return _delay;
        }
        set
        {
            lock (_gate)
                _delay = value;
        }
    }

    /// <summary>Of how many messages of Presence's own one is lost; 0 for none.</summary>
    public int Loss
    {
        get
        {
            lock (_gate)
                return _loss;
        }
        set
        {
            lock (_gate)
                _loss = value;
        }
    }

    /// <summary>
    /// How much waits for the end of an interruption: of each connection the first frame, or the end, that each side has sent; the rest is
    /// behind it.
    /// </summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Nothing passes any more; what is sent waits.</summary>
    public void Interrupt()
    {
        lock (_gate)
            _interruption ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Everything passes again, first what has been waiting: the network sends again what was not received.</summary>
    public void Heal()
    {
        lock (_gate)
        {
            _interruption?.SetResult();
            _interruption = null;
        }
    }

    /// <summary>Ends all connections, as a router does that forgets them.</summary>
    public void Cut()
    {
        ProxiedConnection[] connections;
        lock (_gate)
            connections = [.. _connections];
        foreach (var connection in connections)
            connection.Cut();
    }

    /// <summary>Waits until something may pass.</summary>
    internal async Task PassAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task? interruption;
            lock (_gate)
                interruption = _interruption?.Task;
            if (interruption is null)
                return;
            Interlocked.Increment(ref _held);
            try
            {
                await interruption.WaitAsync(cancel);
            }
            finally
            {
                Interlocked.Decrement(ref _held);
            }
        }
    }

    /// <summary>Whether this message is the one that is lost.</summary>
    internal bool Loses()
    {
        lock (_gate)
            return _loss > 0 && _random.Next(_loss) == 0;
    }

    internal void Add(ProxiedConnection connection)
    {
        lock (_gate)
            _connections.Add(connection);
    }

    internal void Remove(ProxiedConnection connection)
    {
        lock (_gate)
            _connections.Remove(connection);
    }
}
