namespace Presence.Host.Links.Loops;

/// <summary>
/// The loops of a node. One per two cores: two loops on two cores cost a third more per delivery than one, since they wake each
/// other and gather less per write.
/// </summary>
internal sealed class LoopSet : IDisposable
{
    private readonly SocketLoop[] _loops;
    private uint _next;

    /// <summary>Begins the loops.</summary>
    /// <param name="create">Makes one of this number.</param>
    /// <param name="count">How many; by default as many as this machine should have.</param>
    public LoopSet(Func<int, SocketLoop> create, int? count = null)
    {
        _loops = new SocketLoop[count ?? DefaultCount];
        var made = 0;
        try
        {
            for (; made < _loops.Length; made++)
                _loops[made] = create(made);
        }
        catch
        {
            while (made > 0)
                _loops[--made].Dispose();
            throw;
        }
    }

    /// <summary>How many loops this machine should have.</summary>
    public static int DefaultCount => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>All of them.</summary>
    public IReadOnlyList<SocketLoop> All => _loops;

    /// <summary>The one whose turn it is to take what is new. From any thread.</summary>
    public SocketLoop Next() => _loops[(Interlocked.Increment(ref _next) - 1) % (uint)_loops.Length];

    /// <summary>Ends them, and waits for their threads.</summary>
    public void Dispose()
    {
        foreach (var loop in _loops)
            loop.Dispose();
    }
}
