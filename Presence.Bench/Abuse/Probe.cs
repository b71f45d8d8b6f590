using Presence.Bench.Plans;
using Presence.Bench.Runs;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>
/// A well-behaved client that opens a link, closes it, and begins again after a pause: whether others can still connect. It has a
/// thread of its own.
/// </summary>
internal sealed class Probe : IDisposable
{
    private const int MaxExamples = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ManualResetEventSlim _stopped = new();
    private readonly Latencies _times = new();
    private readonly List<string> _failures = [];
    private readonly AbuseTarget _target;
    private readonly Account _account;
    private readonly Thread _thread;
    private int _opened;
    private int _failed;

    /// <param name="target">The server.</param>
    /// <param name="account">Who connects.</param>
    public Probe(AbuseTarget target, Account account)
    {
        (_target, _account) = (target, account);
        _thread = new Thread(Run) { IsBackground = true, Name = "probe" };
        _thread.Start();
    }

    /// <summary>Ends it, and says what it has seen.</summary>
    public ProbeReport Stop()
    {
        _stopped.Set();
        _thread.Join();
        return new ProbeReport(_opened, _failed, _times.Close(), [.. _failures]);
    }

    public void Dispose()
    {
        _stopped.Set();
        _thread.Join();
        _stopped.Dispose();
    }

    private void Run()
    {
        while (!_stopped.Wait(Pause))
        {
            var start = Clock.Now;
            try
            {
                using var link = PairLink.Open(_target, LinkKind.WebSocket, _account, Patience);
                _times.Add(Clock.Now - start);
                _opened++;
            }
            catch (UnreachableException e)
            {
                _failed++;
                if (_failures.Count < MaxExamples && !_failures.Contains(e.Message))
                    _failures.Add(e.Message);
            }
        }
    }
}
