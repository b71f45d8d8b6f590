using System.Collections.Immutable;
using Presence.Bench.Plans;
using Presence.Bench.Reports;
using Presence.Bench.Sockets;
using Presence.Bench.Tallies;

namespace Presence.Bench.Runs;

/// <summary>
/// One run of a load against servers that are there: everybody connects, follows, publishes, and leaves, and what that costs is
/// measured step by step. Between the steps it waits for the server to come to rest.
/// </summary>
internal sealed class LoadRun
{
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

    /// <summary>How long nothing may move while everybody is let in, or follows are answered, in seconds.</summary>
    public double Patience { get; init; } = 30;

    /// <summary>How far it is.</summary>
    public Progress Progress { get; init; } = new();

    /// <summary>Runs it, on a thread of its own.</summary>
    /// <exception cref="UnreachableException">Nobody is let in.</exception>
    /// <exception cref="UsageException">This machine does not allow as many connections.</exception>
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
        RequireSome(connect);
        var connected = _meter.ResidentKib;
        var follow = Follow(plan, before);
        var following = _meter.ResidentKib;
        Progress.Phase = "idle";
        var cpu = _meter.CpuSeconds;
        _crowd.PumpFor(2 * Settings.Rest);
        var idle = (_meter.CpuSeconds - cpu) / (2 * Settings.Rest);
        Deliveries? warmUp = null;
        if (Settings.WarmUp > 0)
        {
            Progress.Phase = "warming up";
            warmUp = Publish(plan, Settings.WarmUp).Deliveries;
        }

        Progress.Phase = "running";
        var run = Publish(plan, Settings.Seconds);
        var ran = _meter.ResidentKib;
        var faults = Faults();
        var disconnect = Disconnect();
        return new LoadReport
        {
            Scenario = Scenario,
            StartedAt = startedAt,
            Servers = Servers,
            Settings = Settings,
            Connect = connect.Figures(connected - before),
            Follow = follow,
            IdleCores = Rounded(idle),
            WarmUp = warmUp,
            Run = run,
            LatencyMs = _crowd.Delays.Close(),
            SendLagMs = _crowd.Lags.Close(),
            Disconnect = disconnect.Figures(),
            MemoryMib = new MemoryFigures(Mib(before), Mib(connected), Mib(following), Mib(ran), Mib(disconnect.Resident)),
            Faults = faults,
        };
    }

    private LoadReport RunStorm(DateTimeOffset startedAt)
    {
        var before = _meter.ResidentKib;
        var rounds = new List<StormRound>();
        var (came, went) = (new Arrival(0, 0, 0), new Departure(0, 0, 0));
        double? kibOfTheFirst = null;
        for (var i = 1; i <= Settings.StormRounds; i++)
        {
            _crowd.Begin();
            var connect = Connect(FormattableString.Invariant($"round {i}, "));
            if (i == 1)
                RequireSome(connect);
            var connected = _meter.ResidentKib;
            kibOfTheFirst ??= connected - before;
            var disconnect = Disconnect();
            var (arrivals, departures) = (connect.Figures(), disconnect.Figures());
            rounds.Add(new StormRound(
                arrivals.Connected,
                arrivals.Seconds,
                arrivals.PerSecond,
                arrivals.CpuUsEach,
                departures.CpuUsEach,
                Mib(connected),
                Mib(disconnect.Resident)));
            came = new(came.Connected + connect.Connected, came.Seconds + connect.Seconds, came.Cpu + connect.Cpu);
            went = new(went.Connections + disconnect.Connections, went.Cpu + disconnect.Cpu, disconnect.Resident);
        }

        return new LoadReport
        {
            Scenario = Scenario,
            StartedAt = startedAt,
            Servers = Servers,
            Settings = Settings,
            Connect = came.Figures() with { KibEach = Per(kibOfTheFirst!.Value, rounds[0].Connected) },
            Disconnect = went.Figures(),
            Storm = [.. rounds],
            MemoryMib = new MemoryFigures(Mib(before), rounds[^1].ConnectedMib, null, null, rounds[^1].GoneMib),
            Faults = Faults(),
        };
    }

    private ImmutableArray<string> Servers => [.. Routes.Select(r => r.Server.ToString())];

    private Arrival Connect(string round = "")
    {
        Progress.Phase = $"{round}connecting";
        var cpu = _meter.CpuSeconds;
        var start = Clock.Now;
        var refused = _crowd.Faults.Refused;
        var opened = 0;
        long Answered() => _crowd.Connected + _crowd.Faults.Refused - refused;
        var end = Step(Answered, () =>
        {
            while (opened < _crowd.Count && opened - Answered() < Settings.InFlight)
                _crowd.Open(opened++);
            return Answered() >= _crowd.Count;
        });
        var arrival = new Arrival(_crowd.Connected, Clock.SecondsBetween(start, end), _meter.CpuSeconds - cpu);
        _crowd.GiveUp();
        _crowd.PumpFor(Settings.Rest);
        return arrival;
    }

    private void RequireSome(Arrival arrival)
    {
        if (arrival.Connected > 0)
            return;
        throw new UnreachableException(_crowd.Faults.Examples is [var example, ..]
            ? $"No connection could be made; {example}. {Advice(example)}"
            : $"No connection could be made: {string.Join(", ", Servers)} does not answer.");
    }

    private FollowFigures Follow(FollowPlan plan, double before)
    {
        Progress.Phase = "following";
        var cpu = _meter.CpuSeconds;
        var start = Clock.Now;
        var (next, asked, follows) = (0, 0, 0L);
        var end = Step(() => _crowd.FollowsSettled, () =>
        {
            while (next < plan.Connections && asked - _crowd.FollowsSettled < Settings.InFlight)
            {
                if (_crowd.Follow(next++) is > 0 and var ids)
                    (asked, follows) = (asked + 1, follows + ids);
            }

            return next == plan.Connections && _crowd.FollowsSettled >= asked;
        });
        cpu = _meter.CpuSeconds - cpu;
        _crowd.Faults.Miss(asked - _crowd.FollowsSettled, "follows");
        _crowd.PumpFor(Settings.Rest);
        return new FollowFigures(
            follows,
            _crowd.Presences,
            Math.Round(Clock.SecondsBetween(start, end), 3),
            Per(cpu * 1e6, follows),
            Per(_meter.ResidentKib - before, _crowd.Connected));
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
        var isAnybodyThere = true;
        long now;
        while (isAnybodyThere && !pacing.HasEnded(now = Clock.Now))
        {
            for (var i = 0; i < UpdatesAtOnce && pacing.TryTake(now, out var intended); i++)
            {
                isAnybodyThere = TryChoosePublisher(plan, out var publisher);
                if (!isAnybodyThere)
                    break;
                _crowd.Publish(publisher, intended);
            }

            _crowd.Pump(Math.Min(pacing.Wait(Clock.Now), LongestWait), pacing.IsExact);
        }

        var sending = Clock.SecondsSince(start);
        var seconds = Clock.SecondsBetween(start, Drain());
        cpu = _meter.CpuSeconds - cpu;
        var received = tally.Received;
        var generator = (Environment.CpuUsage.TotalTime - own).TotalSeconds;
        _crowd.Faults.Miss(_crowd.ForgetUpdates(), "updates");
        // What is told twice may come after all has arrived.
        _crowd.PumpFor(Settings.Rest);
        return new RunFigures(
            Math.Round(seconds, 3),
            tally.Updates,
            tally.Acknowledged,
            PerSecond(tally.Updates, sending),
            tally.Close(),
            PerSecond(received, seconds),
            Per(cpu * 1e6, received),
            Rounded(cpu / seconds),
            Math.Round(generator / seconds, 3));
    }

    // What was in flight when the last update was sent; says when the last of it came.
    private long Drain()
    {
        var tally = _crowd.Tally!;
        return Step(() => tally.Received + tally.Acknowledged, () => tally.IsComplete && _crowd.UpdatesOwed == 0, DrainPatience);
    }

    private Departure Disconnect()
    {
        Progress.Phase = "leaving";
        var cpu = _meter.CpuSeconds;
        var closed = _crowd.CloseAll();
        Thread.Sleep(TimeSpan.FromSeconds(2 * Settings.Rest));
        return new Departure(closed, _meter.CpuSeconds - cpu, _meter.ResidentKib);
    }

    private FaultFigures Faults() =>
        new(_crowd.Faults.Refused, _crowd.Faults.CutOff, _crowd.Faults.Errors, _crowd.Faults.Unanswered, _crowd.Faults.Examples);

    // Goes on until all is done, or until for some seconds nothing has moved; says when the last has.
    private long Step(Func<long> position, Func<bool> isDone, double? patience = null)
    {
        var (last, since) = (position(), Clock.Now);
        while (!isDone())
        {
            if (Clock.SecondsSince(since) >= (patience ?? Patience))
                return since;
            _crowd.Pump(LongestWait);
            if (position() is var now && now != last)
                (last, since) = (now, Clock.Now);
        }

        return Clock.Now;
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

    private static double? Mib(double kib) => Rounded(kib / 1024);

    private static double? Per(double amount, long count) => count == 0 ? null : Rounded(amount / count);

    private static double? Rounded(double figure) => double.IsNaN(figure) ? null : Math.Round(figure, 3);

    private static double PerSecond(long count, double seconds) => count == 0 ? 0 : Math.Round(count / Math.Max(seconds, 1e-9), 1);

    /// <summary>Those who came, from the first request to the last answer.</summary>
    private readonly record struct Arrival(int Connected, double Seconds, double Cpu)
    {
        public ConnectFigures Figures(double grownKib = double.NaN) =>
            new(Connected, Math.Round(Seconds, 3), PerSecond(Connected, Seconds), Per(Cpu * 1e6, Connected), Per(grownKib, Connected));
    }

    /// <summary>Those who went, and what the server is when it has come to rest.</summary>
    private readonly record struct Departure(int Connections, double Cpu, double Resident)
    {
        public DisconnectFigures Figures() => new(Connections, Per(Cpu * 1e6, Connections));
    }
}
