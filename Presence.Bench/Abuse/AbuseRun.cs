using Presence.Bench.Plans;
using Presence.Bench.Runs;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>Runs one abuse beside well-behaved pairs, and measures the pairs and the server before, during and after.</summary>
internal sealed class AbuseRun
{
    private static readonly TimeSpan SamplePause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(20);

    /// <summary>What is done.</summary>
    public required IAbuse Abuse { get; init; }

    /// <summary>The server.</summary>
    public required AbuseTarget Target { get; init; }

    /// <summary>How many clients do it.</summary>
    public required int Clients { get; init; }

    /// <summary>For how long, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>For how long the pairs are measured before, in seconds.</summary>
    public double Before { get; init; } = 3;

    /// <summary>For how long the pairs and the server are measured after, in seconds.</summary>
    public double After { get; init; } = 10;

    /// <summary>For how long the pairs run before they are measured, in seconds.</summary>
    public double WarmUp { get; init; } = 1;

    /// <summary>How many pairs there are on each port.</summary>
    public int Pairs { get; init; } = 1;

    /// <summary>The time between two updates on one port; with several pairs they take turns.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long the last events of the pairs may take.</summary>
    public TimeSpan DrainPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The server's process; null if it is not known.</summary>
    public int? Process { get; init; }

    /// <summary>How the server was started, in a word.</summary>
    public string? Server { get; init; }

    /// <summary>The HS256 key of the server.</summary>
    public required string Key { get; init; }

    /// <summary>Is told of each step.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    /// <summary>Runs it.</summary>
    /// <exception cref="UnreachableException">The server does not serve the pairs.</exception>
    /// <exception cref="UsageException">The scenario and the server do not fit.</exception>
    public async Task<AbuseReport> RunAsync()
    {
        if (Abuse.NeedsTls && !Target.IsHttpTls)
            throw new UsageException($"{Abuse.Name} needs a server with TLS (--url wss://...).");
        var startedAt = DateTimeOffset.UtcNow;
        var accounts = Account.Mint(1 + 4 * Pairs, Key, startedAt);
        var line = new PhaseLine();
        using var context = new AbuseContext(Target, Clients, Seconds, Key);
        Tell("preparing");
        await Abuse.PrepareAsync(context).ConfigureAwait(false);
        var meter = new ServerMeter(Process is { } id ? [id] : []);
        using var sampler = Process is { } process ? new ProcessSampler(process, SamplePause) : null;
        var clocks = new Dictionary<LinkKind, PairClocks> { [LinkKind.WebSocket] = new(line) };
        if (Target.Tcp is not null)
            clocks[LinkKind.Tcp] = new PairClocks(line);
        var pairs = new List<Pair>();
        try
        {
            foreach (var (kind, shared) in clocks)
            {
                for (var i = 0; i < Pairs; i++)
                    pairs.Add(Pair.Open(Target, kind, accounts[1 + 2 * pairs.Count], accounts[2 + 2 * pairs.Count], Gap * Pairs, shared));
            }

            for (var i = 0; i < pairs.Count; i++)
                pairs[i].Start(Gap * (i % Pairs));
            await PauseAsync(WarmUp).ConfigureAwait(false);
            line.Begin(Phase.Before);
            Tell("before");
            await PauseAsync(Before).ConfigureAwait(false);
            var before = sampler?.Take();
            var (cpu, machineCpu, toolCpu, start) = (meter.CpuSeconds, ServerMeter.MachineCpuSeconds, Environment.CpuUsage.TotalTime, Clock.Now);
            using var probe = new Probe(Target, accounts[0]);
            line.Begin(Phase.During);
            Tell($"{Abuse.Name}, {Clients} clients");
            context.Begin();
            await EndOfAsync(Abuse.RunAsync(context), context).ConfigureAwait(false);
            var end = sampler?.Take();
            var probed = probe.Stop();
            // A client that goes away is part of the abuse, and what that causes shows afterwards.
            context.Dispose();
            var seconds = Clock.SecondsSince(start);
            var cores = (meter.CpuSeconds - cpu) / seconds;
            var toolCores = (Environment.CpuUsage.TotalTime - toolCpu).TotalSeconds / seconds;
            var otherCores = Math.Max(0, (ServerMeter.MachineCpuSeconds - machineCpu) / seconds - cores - toolCores);
            line.Begin(Phase.After);
            Tell("after");
            await PauseAsync(After).ConfigureAwait(false);
            var after = sampler?.Take();
            var reports = await Task.WhenAll(pairs.Select(p => Task.Factory.StartNew(() => p.Stop(DrainPatience), TaskCreationOptions.LongRunning))).ConfigureAwait(false);
            return new AbuseReport
            {
                Scenario = Abuse.Name,
                Server = Server,
                StartedAt = startedAt,
                Clients = Clients,
                Seconds = Math.Round(seconds, 3),
                Pairs = [.. clocks.Select(c => PairReport.Together([.. reports.Where(r => r.Link == c.Key)], c.Value))],
                Probe = probed,
                Done = context.Done.ToImmutable(),
                Answers = context.Answers.ToImmutable(),
                AbuserFaults = context.Faults,
                Process = sampler is null ? null : Figures(sampler, before, end, after, (cores, toolCores, otherCores)),
            };
        }
        finally
        {
            pairs.ForEach(p => p.Dispose());
        }
    }

    private static ProcessFigures Figures(
        ProcessSampler sampler, ProcessSample? before, ProcessSample? end, ProcessSample? after, (double Server, double Tool, double Other) cores)
    {
        var series = sampler.Samples;
        var last = series[^1];
        var peak = new ProcessSample(
            series.MaxBy(s => s.ResidentMib).Seconds, series.Max(s => s.ResidentMib), series.Max(s => s.OpenFiles), series.Max(s => s.Threads));
        return new ProcessFigures(
            before ?? last, peak, end ?? last, after ?? last, sampler.EndedAt, Rounded(cores.Server), Math.Round(cores.Tool, 2), Rounded(cores.Other), [.. series]);
    }

    private static double? Rounded(double figure) => double.IsNaN(figure) ? null : Math.Round(figure, 2);

    private static Task PauseAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds));

    // An abuse that does not come to its end, because a call of the system does not, is left alone: its links are cut.
    private static async Task EndOfAsync(Task running, AbuseContext context)
    {
        try
        {
            var limit = Task.Delay(TimeSpan.FromSeconds(context.Seconds) + EndPatience);
            if (await Task.WhenAny(running, limit).ConfigureAwait(false) == limit)
                context.Answers.Add("the abuse did not end in time");
            else
                await running.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // That is its end.
        }
    }
}
