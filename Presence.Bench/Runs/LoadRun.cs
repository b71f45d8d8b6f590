using System.Collections.Immutable;
using Presence.Bench.Plans;
using Presence.Bench.Reports;
using Presence.Bench.Sockets;

namespace Presence.Bench.Runs;

/// <summary>
/// One run of a load against servers that are there: everybody connects, follows, publishes, and leaves, and what that costs is
/// measured step by step. Between the steps it waits for the server to come to rest.
/// </summary>
internal sealed class LoadRun
{
    /// <summary>How long a server has to let everybody in, or to answer all follows, without any progress.</summary>
    private const double StepPatience = 30;

    /// <summary>How long after the last update nothing may arrive before the rest counts as lost, in seconds.</summary>
    private const double DrainPatience = 2;

    private const int UpdatesAtOnce = 64;
    private const long LongestWait = 50 * Clock.Millisecond;

    private ServerMeter _meter = null!;
    private Crowd _crowd = null!;
    private long _updates;

    /// <summary>The name of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>What to run.</summary>
    public required LoadSettings Settings { get; init; }

    /// <summary>Who connects.</summary>
    public required ImmutableArray<Account> Accounts { get; init; }

    /// <summary>Where to.</summary>
    public required ImmutableArray<Route> Routes { get; init; }

    /// <summary>The server's processes on this machine; none if they are unknown.</summary>
    public ImmutableArray<int> Processes { get; init; } = [];

    /// <summary>How far it is.</summary>
    public Progress Progress { get; init; } = new();

    /// <summary>Runs it, on a thread of its own.</summary>
    /// <exception cref="UnreachableException">Nobody is let in.</exception>
    public Task<LoadReport> RunAsync() => Task.Factory.StartNew(Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private LoadReport Run()
    {
        var startedAt = DateTimeOffset.UtcNow;
        _meter = new ServerMeter(Processes);
        var plan = Settings.IsStorm ? null : new FollowPlan(Settings);
        using var crowd = new Crowd(plan, Accounts, Routes, Settings.StatusBytes);
        _crowd = crowd;
        Progress.Crowd = crowd;
        return plan is null ? RunStorm(startedAt) : RunPlan(startedAt, plan);
    }

    private LoadReport RunPlan(DateTimeOffset startedAt, FollowPlan plan)
    {
        var before = _meter.ResidentKib;
        var connect = Connect();
        var connected = _meter.ResidentKib;
        var follow = Follow(plan, before);
        var following = _meter.ResidentKib;
        Progress.Phase = "idle";
        var cpu = _meter.CpuSeconds;
        _crowd.PumpFor(2 * Settings.Rest);
        var idle = (_meter.CpuSeconds - cpu) / (2 * Settings.Rest);
        if (Settings.WarmUp > 0)
        {
            Progress.Phase = "warming up";
            Publish(plan, Settings.WarmUp);
        }

        Progress.Phase = "running";
        var run = Publish(plan, Settings.Seconds);
        var ran = _meter.ResidentKib;
        var faults = Faults();
        var disconnect = Disconnect(out var gone);
        return new LoadReport
        {
            Scenario = Scenario,
            StartedAt = startedAt,
            Servers = Servers,
            Settings = Settings,
            Connect = connect with { KibEach = Per(connected - before, connect.Connected) },
            Follow = follow,
            IdleCores = Rounded(idle),
            Run = run,
            LatencyMs = _crowd.Delays.Close(),
            SendLagMs = _crowd.Lags.Close(),
            Disconnect = disconnect,
            MemoryMib = new MemoryFigures(Mib(before), Mib(connected), Mib(following), Mib(ran), Mib(gone)),
            Faults = faults,
        };
    }

    private LoadReport RunStorm(DateTimeOffset startedAt)
    {
        var before = _meter.ResidentKib;
        var rounds = new List<StormRound>();
        for (var i = 1; i <= Settings.StormRounds; i++)
        {
            _crowd.Begin();
            var connect = Connect(FormattableString.Invariant($"round {i}, "));
            var connected = _meter.ResidentKib;
            var disconnect = Disconnect(out var gone);
            rounds.Add(new StormRound(
                connect.Connected, connect.Seconds, connect.PerSecond, connect.CpuUsEach, disconnect.CpuUsEach, Mib(connected), Mib(gone)));
        }

        var count = rounds.Sum(r => r.Connected);
        var seconds = rounds.Sum(r => r.Seconds);
        return new LoadReport
        {
            Scenario = Scenario,
            StartedAt = startedAt,
            Servers = Servers,
            Settings = Settings,
            Connect = new ConnectFigures(
                count, Math.Round(seconds, 3), Math.Round(count / seconds, 1), Mean(rounds, r => r.ConnectCpuUsEach), KibEach(before, rounds[0])),
            Disconnect = new DisconnectFigures(count, Mean(rounds, r => r.DisconnectCpuUsEach)),
            Storm = [.. rounds],
            MemoryMib = new MemoryFigures(Mib(before), rounds[^1].ConnectedMib, null, null, rounds[^1].GoneMib),
            Faults = Faults(),
        };
    }

    private ImmutableArray<string> Servers => [.. Routes.Select(r => r.Server.ToString())];

    private ConnectFigures Connect(string round = "")
    {
        Progress.Phase = $"{round}connecting";
        var cpu = _meter.CpuSeconds;
        var start = Clock.Now;
        var refused = _crowd.Faults.Refused + _crowd.Faults.CutOff;
        var opened = 0;
        long Answered() => _crowd.Connected + _crowd.Faults.Refused + _crowd.Faults.CutOff - refused;
        Step(Answered, () =>
        {
            while (opened < _crowd.Count && opened - Answered() < Settings.InFlight)
                _crowd.Open(opened++);
            return Answered() >= _crowd.Count;
        });
        var seconds = Clock.SecondsSince(start);
        cpu = _meter.CpuSeconds - cpu;
        if (_crowd.Connected == 0)
        {
            throw new UnreachableException(_crowd.Faults.Examples is [var example, ..]
                ? $"No connection could be made; {example}. {Advice(example)}"
                : $"No connection could be made: {string.Join(", ", Servers)} does not answer.");
        }

        for (var unanswered = Answered(); unanswered < _crowd.Count; unanswered++)
            _crowd.Faults.Refuse("no answer to the handshake in time");
        _crowd.PumpFor(Settings.Rest);
        return new ConnectFigures(
            _crowd.Connected, Math.Round(seconds, 3), Math.Round(_crowd.Connected / seconds, 1), Per(cpu * 1e6, _crowd.Connected), null);
    }

    private FollowFigures Follow(FollowPlan plan, double before)
    {
        Progress.Phase = "following";
        var cpu = _meter.CpuSeconds;
        var start = Clock.Now;
        var (next, asked) = (0, 0);
        Step(() => _crowd.Following, () =>
        {
            while (next < _crowd.Count && asked - _crowd.Following < Settings.InFlight)
                asked += _crowd.Follow(next++) ? 1 : 0;
            return next == _crowd.Count && _crowd.Following + _crowd.Faults.CutOff >= asked;
        });
        var seconds = Clock.SecondsSince(start);
        cpu = _meter.CpuSeconds - cpu;
        _crowd.PumpFor(Settings.Rest);
        return new FollowFigures(
            plan.Follows, _crowd.Presences, Math.Round(seconds, 3), Per(cpu * 1e6, plan.Follows), Per(_meter.ResidentKib - before, _crowd.Connected));
    }

    private RunFigures Publish(FollowPlan plan, double length)
    {
        var tally = _crowd.Tally!;
        tally.Restart();
        _crowd.Delays.Restart();
        _crowd.Lags.Restart();
        var cpu = _meter.CpuSeconds;
        var own = Environment.CpuUsage.TotalTime;
        var start = Clock.Now;
        var pacing = Pacing.Of(Settings, length, start);
        _crowd.Pacing = pacing;
        long now;
        while (!pacing.HasEnded(now = Clock.Now))
        {
            for (var i = 0; i < UpdatesAtOnce && pacing.TryTake(now, out var intended); i++)
            {
                if (!TryChoosePublisher(plan, out var publisher))
                    return Close(0);
                _crowd.Publish(publisher, intended);
            }

            _crowd.Pump(Math.Min(pacing.Wait(Clock.Now), LongestWait), pacing.IsExact);
        }

        var sending = Clock.SecondsSince(start);
        Drain();
        return Close(sending);

        RunFigures Close(double sent)
        {
            var seconds = Clock.SecondsSince(start);
            cpu = _meter.CpuSeconds - cpu;
            var received = tally.Received;
            var generator = (Environment.CpuUsage.TotalTime - own).TotalSeconds;
            // What is told twice may come after all has arrived.
            _crowd.PumpFor(Settings.Rest);
            return new RunFigures(
                Math.Round(seconds, 3),
                tally.Updates,
                tally.Acknowledged,
                Math.Round(tally.Updates / Math.Max(sent, 1e-9), 1),
                tally.Close(),
                Math.Round(received / seconds, 1),
                Per(cpu * 1e6, received),
                Rounded(cpu / seconds),
                Math.Round(generator / seconds, 3));
        }
    }

    // What was in flight when the last update was sent.
    private void Drain()
    {
        var tally = _crowd.Tally!;
        Step(() => tally.Received + tally.Acknowledged, () => tally.IsComplete && tally.Acknowledged + _crowd.Faults.Errors >= tally.Updates, DrainPatience);
    }

    private DisconnectFigures Disconnect(out double resident)
    {
        Progress.Phase = "leaving";
        var cpu = _meter.CpuSeconds;
        var closed = _crowd.CloseAll();
        Thread.Sleep(TimeSpan.FromSeconds(2 * Settings.Rest));
        resident = _meter.ResidentKib;
        return new DisconnectFigures(closed, Per((_meter.CpuSeconds - cpu) * 1e6, closed));
    }

    private FaultFigures Faults() => new(_crowd.Faults.Refused, _crowd.Faults.CutOff, _crowd.Faults.Errors, _crowd.Faults.Examples);

    // Goes on until all is done, or until for some seconds nothing has moved.
    private void Step(Func<long> position, Func<bool> isDone, double patience = StepPatience)
    {
        var (last, since) = (position(), Clock.Now);
        while (!isDone() && Clock.SecondsSince(since) < patience)
        {
            _crowd.Pump(LongestWait);
            if (position() is var now && now != last)
                (last, since) = (now, Clock.Now);
        }
    }

    // The next of those that are still there: what nobody can send is no fault of who would have had to be told.
    private bool TryChoosePublisher(FollowPlan plan, out int publisher)
    {
        for (var i = 0; i < plan.Publishers; i++)
        {
            publisher = plan.PublisherOf(_updates++);
            if (_crowd.IsOpen(publisher))
                return true;
        }

        publisher = -1;
        return false;
    }

    private static string Advice(string example) => example.Contains("401", StringComparison.Ordinal)
        ? "Is --key the key with which the server checks tokens?"
        : "Is that where the server listens?";

    private static double? KibEach(double before, StormRound first) =>
        first.ConnectedMib is { } connected ? Per(connected * 1024 - before, first.Connected) : null;

    private static double? Mean(List<StormRound> rounds, Func<StormRound, double?> figure) => Rounded(rounds.Average(figure) ?? double.NaN);

    private static double? Mib(double kib) => Rounded(kib / 1024);

    private static double? Per(double amount, long count) => count == 0 ? null : Rounded(amount / count);

    private static double? Rounded(double figure) => double.IsNaN(figure) ? null : Math.Round(figure, 3);
}
