using System.Globalization;
using System.Text;
using System.Text.Json;
using Presence.Bench.Plans;
using Presence.Bench.Runs;
using Presence.Bench.Sockets;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>
/// A well-behaved publisher and its follower. The publisher updates in an open loop: update k is due at a fixed time, whatever the
/// server does, and its latency counts from that time, so a stall of a second shows in every update of that second. It has threads of
/// its own, with a higher priority where the system allows it.
/// </summary>
internal sealed class Pair : IDisposable
{
    private readonly PairLink _publisher;
    private readonly PairLink _follower;
    private readonly PairTally _followed = new();
    private readonly PairTally _own = new();
    private readonly PairClocks _clocks;
    private readonly Account _publishing;
    private readonly LinkKind _kind;
    private readonly long _gap;
    private readonly Thread[] _threads;
    private string? _refused;
    private long _start;
    private long _sent;
    private long _acknowledged;
    private long _seen;
    private volatile bool _isStopped;

    private Pair(LinkKind kind, PairLink publisher, PairLink follower, Account publishing, TimeSpan gap, PairClocks clocks)
    {
        (_kind, _publisher, _follower, _publishing, _clocks) = (kind, publisher, follower, publishing, clocks);
        _gap = (long)(gap.TotalMilliseconds * Clock.Millisecond);
        _threads = [Thread(Publish, "publisher"), Thread(HearPublisher, "acknowledgements"), Thread(HearFollower, "follower")];
    }

    /// <summary>What carries its links.</summary>
    public LinkKind Kind => _kind;

    /// <summary>Opens the links and lets the follower follow.</summary>
    /// <param name="target">The server.</param>
    /// <param name="kind">What carries the links.</param>
    /// <param name="publisher">The user who publishes.</param>
    /// <param name="follower">The user who follows.</param>
    /// <param name="gap">The time between two updates.</param>
    /// <param name="clocks">Where it adds what it measures; several pairs may share them.</param>
    /// <exception cref="UnreachableException">The server does not answer or refuses.</exception>
    public static Pair Open(AbuseTarget target, LinkKind kind, Account publisher, Account follower, TimeSpan gap, PairClocks clocks)
    {
        var publishing = PairLink.Open(target, kind, publisher);
        PairLink? following = null;
        try
        {
            following = PairLink.Open(target, kind, follower);
            var pair = new Pair(kind, publishing, following, publisher, gap, clocks);
            pair.Follow();
            return pair;
        }
        catch
        {
            publishing.Dispose();
            following?.Dispose();
            throw;
        }
    }

    /// <summary>Begins to update.</summary>
    /// <param name="delay">How long it waits first, so that pairs do not update at the same moment.</param>
    public void Start(TimeSpan delay)
    {
        _start = Clock.Now + (long)(delay.TotalMilliseconds * Clock.Millisecond);
        foreach (var thread in _threads)
            thread.Start();
    }

    /// <summary>Stops updating and waits until the follower knows the last update that was acknowledged, or until the patience is over.</summary>
    public PairReport Stop(TimeSpan patience)
    {
        _isStopped = true;
        _threads[0].Join(patience);
        var since = Clock.Now;
        while (!IsComplete && IsWhole && Clock.SecondsSince(since) < patience.TotalSeconds)
            System.Threading.Thread.Sleep(10);
        // Something that comes twice may come after all is there.
        System.Threading.Thread.Sleep(50);
        Dispose();
        foreach (var thread in _threads)
            thread.Join();
        var acknowledged = Volatile.Read(ref _acknowledged);
        var cut = string.Join("; ", new[] { ("publisher", _publisher.End), ("follower", _follower.End) }.Where(e => e.Item2 is not null).Select(e => $"{e.Item1}: {e.Item2}"));
        return new PairReport
        {
            Link = _kind,
            Updates = Volatile.Read(ref _sent),
            Acknowledged = acknowledged,
            Received = _followed.Received,
            Merged = _followed.Merged,
            Lost = _followed.Lost(acknowledged),
            Duplicated = _followed.Duplicated + _own.Duplicated,
            ChainBreaks = _followed.Breaks + _own.Breaks,
            Examples = [.. _followed.Examples, .. _own.Examples],
            Cut = cut.Length == 0 ? null : cut,
            Refused = _refused,
            Delivery = _clocks.Deliveries.Figures,
            Acknowledgement = _clocks.Acknowledgements.Figures,
            SendLag = _clocks.Lags.Figures,
        };
    }

    public void Dispose()
    {
        _isStopped = true;
        _publisher.Dispose();
        _follower.Dispose();
    }

    private static Thread Thread(Action work, string name) => new(() =>
    {
        Native.Prefer();
        work();
    })
    {
        IsBackground = true,
        Name = name,
    };

    private bool IsComplete => Volatile.Read(ref _acknowledged) >= Volatile.Read(ref _sent) && Volatile.Read(ref _seen) >= Volatile.Read(ref _acknowledged);

    private bool IsWhole => _publisher.End is null && _follower.End is null;

    private long Due(long update) => _start + update * _gap;

    private void Follow()
    {
        _follower.TrySend(Outgoing.Follow(_kind, [_publishing.UserId]));
        while (_follower.TryReceive(out var text))
        {
            using var message = JsonDocument.Parse(text);
            if (message.RootElement.TryGetProperty("status", out var answer))
            {
                _followed.Answer(_publishing.UserId, answer.GetProperty("presences"));
                return;
            }
        }

        throw new UnreachableException($"The follower was cut off before it was answered: {_follower.End}.");
    }

    private void Publish()
    {
        for (var number = 1L; !_isStopped; number++)
        {
            var due = Due(number);
            while (!_isStopped && due - Clock.Now is > 0 and var wait)
                Native.Sleep(wait);
            if (_isStopped)
                return;
            _clocks.Lags.Add(due, Clock.Now);
            var bytes = Outgoing.Update(_kind, string.Create(CultureInfo.InvariantCulture, $"t:{due};n:{number};"));
            Volatile.Write(ref _sent, number);
            if (!_publisher.TrySend(bytes))
                return;
        }
    }

    private void HearPublisher()
    {
        while (_publisher.TryReceive(out var text))
        {
            var now = Clock.Now;
            switch (ServerText.KindOf(text.Span))
            {
                case TextKind.UpdateReply:
                    _clocks.Acknowledgements.Add(Due(_acknowledged + 1), now);
                    Volatile.Write(ref _acknowledged, _acknowledged + 1);
                    break;
                case TextKind.StatusEvent:
                    Event(_own, text);
                    break;
                case TextKind.UpdateRefused or TextKind.Error:
                    Refuse(text);
                    break;
            }
        }
    }

    private void HearFollower()
    {
        while (_follower.TryReceive(out var text))
        {
            var now = Clock.Now;
            if (ServerText.KindOf(text.Span) != TextKind.StatusEvent)
                continue;
            var (first, last) = Event(_followed, text);
            for (var number = first; number <= last; number++)
                _clocks.Deliveries.Add(Due(number), now);
            Volatile.Write(ref _seen, _followed.Last);
        }
    }

    private (long First, long Last) Event(PairTally tally, ReadOnlyMemory<byte> text)
    {
        try
        {
            using var message = JsonDocument.Parse(text);
            return tally.Event(message.RootElement.GetProperty("status_presence_event"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            _refused ??= $"a message that this tool does not read: {Encoding.UTF8.GetString(text.Span)}";
            return (1, 0);
        }
    }

    // An update of the pair that is refused is a fault of the server: it counts as acknowledged with an error.
    private void Refuse(ReadOnlyMemory<byte> text)
    {
        Volatile.Write(ref _acknowledged, _acknowledged + 1);
        _refused ??= Encoding.UTF8.GetString(text.Span);
    }
}
