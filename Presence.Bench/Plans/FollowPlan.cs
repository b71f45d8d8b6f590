namespace Presence.Bench.Plans;

/// <summary>
/// Who follows whom, and who publishes. Connection <c>i</c> is user <c>i</c>. The same settings always give the same plan, so every
/// server is asked the same.
/// </summary>
internal sealed class FollowPlan
{
    private readonly int[][] _follows;
    private readonly int[] _followers;
    private readonly long _publisherStride;

    public FollowPlan(LoadSettings settings)
    {
        Connections = settings.Connections;
        Publishers = settings.Hubs > 0 ? settings.Hubs : settings.Connections;
        _publisherStride = Coprime(Publishers, 104_729, 104_723);
        _follows = new int[Connections][];
        _followers = new int[Connections];
        int[] hubs = [.. Enumerable.Range(0, settings.Hubs)];
        var stride = Coprime(Connections, 7919, 7907);
        for (var i = 0; i < Connections; i++)
        {
            _follows[i] = settings.Hubs > 0 ? i < settings.Hubs ? [] : hubs : Spread(i, settings.Follows, stride);
            foreach (var followed in _follows[i])
                _followers[followed]++;
        }

        Follows = _follows.Sum(f => (long)f.Length);
    }

    /// <summary>How many connections there are.</summary>
    public int Connections { get; }

    /// <summary>How many of them publish: the first ones.</summary>
    public int Publishers { get; }

    /// <summary>How many follows there are in all.</summary>
    public long Follows { get; }

    /// <summary>Whom a connection follows, each once, never itself.</summary>
    public ReadOnlySpan<int> FollowedBy(int connection) => _follows[connection];

    /// <summary>
    /// How many deliveries an update of a connection is worth: one to each follower, and one to itself, since a connection is told
    /// of its own changes (contract F9).
    /// </summary>
    public int Worth(int connection) => _followers[connection] + 1;

    /// <summary>Who publishes the update of this number: all in turn, neighbours far from each other.</summary>
    public int PublisherOf(long update) => (int)(update % Publishers * _publisherStride % Publishers);

    private int[] Spread(int connection, int follows, long stride)
    {
        var followed = new int[follows];
        for (var k = 1; k <= follows; k++)
            followed[k - 1] = (int)((connection + k * stride) % Connections);
        return followed;
    }

    // A prime that does not divide the count steps through all of it before it comes back.
    private static long Coprime(int count, long prime, long otherwise) => count % prime == 0 ? otherwise : prime;
}
