using System.Collections.Immutable;
using System.Globalization;
using Presence.Bench.Abuse;
using Presence.Bench.Runs;
using Presence.Bench.Wire;

namespace Presence.Bench.Soak;

/// <summary>
/// Acts on a server for any time: clients connect and leave, follow and unfollow, update and erase at random. Every event is checked
/// against the chain rule, and at the end of each round what every client is shown is compared with the truth.
/// </summary>
internal sealed class SoakRun
{
    private const int MaxExamples = 10;
    private const int OpenedAtOnce = 50;
    private const int MostInRequest = 5;

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly List<SoakSample> _series = [];
    private readonly List<string> _examples = [];
    private readonly AnswerCounts _actions = new();
    private readonly long _start = Clock.Now;
    private long _faults;
    private long _comparisons;
    private volatile string _at = "before";

    /// <summary>The server.</summary>
    public required AbuseTarget Target { get; init; }

    /// <summary>What is done.</summary>
    public required SoakSettings Settings { get; init; }

    /// <summary>The HS256 key of the server.</summary>
    public required string Key { get; init; }

    /// <summary>The server's process; null if it is not known.</summary>
    public int? Process { get; init; }

    /// <summary>Where the server offers figures as text; null if they are not read.</summary>
    public Uri? MetricsUrl { get; init; }

    /// <summary>Is told of each round.</summary>
    public Action<string> Tell { get; init; } = _ => { };

    /// <summary>Runs it.</summary>
    /// <exception cref="UnreachableException">No client was let in.</exception>
    public async Task<SoakReport> RunAsync()
    {
        var startedAt = DateTimeOffset.UtcNow;
        await SampleAsync("before").ConfigureAwait(false);
        using var context = new AbuseContext(Target, Settings.Clients, Settings.Seconds, Key);
        var accounts = context.Accounts(Settings.Clients);
        SoakClient[] clients =
        [
            .. accounts.Select((account, i) => new SoakClient(context, i % 4 == 3 && Target.Tcp is not null ? LinkKind.Tcp : LinkKind.WebSocket, account, Fault)),
        ];
        await context.ForManyAsync(clients.Length, OpenedAtOnce, i => clients[i].OpenAsync()).ConfigureAwait(false);
        if (!clients.Any(c => c.IsOpen))
            throw new UnreachableException($"No client was let in: {string.Join("; ", context.Answers.ToImmutable().Select(a => a.Kind))}.");
        using var stopped = new CancellationTokenSource();
        var sampling = SampleAgainAsync(stopped.Token);
        var random = new Random(Settings.Seed);
        var rounds = 0;
        var end = Clock.Now + (long)(Settings.Seconds * Clock.Second);
        while (Clock.Now < end)
        {
            _at = "acting";
            await ActAsync(clients, random, Math.Min(end, Clock.Now + (long)(Settings.Round * Clock.Second))).ConfigureAwait(false);
            await RestAsync(clients).ConfigureAwait(false);
            rounds++;
            _at = "rest";
            var sample = await SampleAsync("rest").ConfigureAwait(false);
            var figures = sample is null ? "" : string.Create(CultureInfo.InvariantCulture, $", {sample.ResidentMib} MiB, {sample.OpenFiles} files, {sample.Threads} threads");
            var faults = Volatile.Read(ref _faults);
            Tell(string.Create(CultureInfo.InvariantCulture, $"round {rounds} at {Clock.SecondsSince(_start):0} s: {clients.Sum(c => c.Events):N0} events, {faults} faults{figures}"));
        }

        _at = "leaving";
        foreach (var client in clients)
            await client.CloseAsync().ConfigureAwait(false);
        // Nobody asked the server to end a link.
        foreach (var answer in context.Answers.ToImmutable().Where(a => !a.Kind.StartsWith("error ", StringComparison.Ordinal)))
            Fault(string.Create(CultureInfo.InvariantCulture, $"{answer.Count} times: {answer.Kind}"));
        var events = clients.Sum(c => c.Events);
        await Task.Delay(TimeSpan.FromSeconds(Settings.Rest)).ConfigureAwait(false);
        await stopped.CancelAsync().ConfigureAwait(false);
        await sampling.ConfigureAwait(false);
        await SampleAsync("gone").ConfigureAwait(false);
        return new SoakReport
        {
            StartedAt = startedAt,
            Settings = Settings,
            Rounds = rounds,
            Actions = _actions.ToImmutable(),
            Events = events,
            Comparisons = _comparisons,
            Faults = _faults,
            Examples = [.. _examples],
            Growth = Growths(),
            Series = [.. _series],
        };
    }

    private async Task ActAsync(SoakClient[] clients, Random random, long end)
    {
        var start = Clock.Now;
        for (long number = 1; Clock.Now < end; number++)
        {
            var client = clients[random.Next(clients.Length)];
            await ActAsync(clients, client, random, number).ConfigureAwait(false);
            var ahead = start + (long)(number / Settings.Rate * Clock.Second) - Clock.Now;
            if (ahead > Clock.Millisecond)
                await Task.Delay(TimeSpan.FromMicroseconds(ahead / 1000)).ConfigureAwait(false);
        }
    }

    private async Task ActAsync(SoakClient[] clients, SoakClient client, Random random, long number)
    {
        var dice = random.Next(100);
        if (!client.IsOpen || dice < 5)
        {
            _actions.Add("reconnects");
            await client.CloseAsync().ConfigureAwait(false);
            await client.OpenAsync().ConfigureAwait(false);
        }
        else if (dice < 15)
        {
            _actions.Add("erases");
            await client.EraseAsync().ConfigureAwait(false);
        }
        else if (dice < 35 && client.Follows < Settings.Follows)
        {
            _actions.Add("follows");
            var count = Math.Min(1 + random.Next(MostInRequest), Settings.Follows - client.Follows);
            string[] users = [.. Enumerable.Range(0, count).Select(_ => clients[random.Next(clients.Length)].User).Where(u => u != client.User).Distinct()];
            if (users.Length > 0)
                await client.FollowAsync(users).ConfigureAwait(false);
        }
        else if (dice < 45 && client.Follows > 0)
        {
            _actions.Add("unfollows");
            await client.UnfollowAsync(client.SomeFollowed(1 + random.Next(MostInRequest))).ConfigureAwait(false);
        }
        else
        {
            _actions.Add("updates");
            await client.UpdateAsync(string.Create(CultureInfo.InvariantCulture, $"s{number}-{random.Next()}")).ConfigureAwait(false);
        }
    }

    // Waits until everything is answered and everybody is shown the truth; what is not by then is a fault.
    private async Task RestAsync(SoakClient[] clients)
    {
        var since = Clock.Now;
        while (clients.Any(c => c.IsOpen && c.Pending > 0) && Clock.SecondsSince(since) < Settings.Patience)
            await Task.Delay(20).ConfigureAwait(false);
        foreach (var client in clients.Where(c => c.IsOpen && c.Pending > 0))
            Fault(string.Create(CultureInfo.InvariantCulture, $"{client.Pending} requests of a client were not answered in {Settings.Patience} s"));
        var statuses = clients.Where(c => c.Status is not null).ToDictionary(c => c.User, c => c.Status!, StringComparer.Ordinal);
        since = Clock.Now;
        var waiting = clients.Where(c => c.IsOpen).ToList();
        while (true)
        {
            waiting.RemoveAll(client =>
            {
                var isRight = client.Differences(statuses, out var compared).Count == 0;
                if (isRight)
                    _comparisons += compared;
                return isRight;
            });
            if (waiting.Count == 0 || Clock.SecondsSince(since) >= Settings.Patience)
                break;
            await Task.Delay(50).ConfigureAwait(false);
        }

        foreach (var difference in waiting.SelectMany(c => c.Differences(statuses, out _)))
            Fault($"at rest (E3): {difference}");
    }

    private async Task SampleAgainAsync(CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(Settings.SampleEvery), stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stopped.IsCancellationRequested)
                await SampleAsync(_at).ConfigureAwait(false);
        }
    }

    private async Task<SoakSample?> SampleAsync(string at)
    {
        if (Process is not { } process)
            return null;
        if (ProcessSample.TryRead(process, Clock.SecondsSince(_start), out var hasEnded) is not { } read)
        {
            if (hasEnded)
                Fault("the server's process has ended");
            return null;
        }

        var sample = new SoakSample(read.Seconds, at, read.ResidentMib, read.OpenFiles, read.Threads, await MetricsAsync().ConfigureAwait(false));
        lock (_series)
            _series.Add(sample);
        return sample;
    }

    private async Task<IReadOnlyDictionary<string, double>?> MetricsAsync()
    {
        if (MetricsUrl is null)
            return null;
        try
        {
            return Metrics.Parse(await Http.GetStringAsync(MetricsUrl).ConfigureAwait(false));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    // The ends of rounds are alike; without enough of them all samples have to do.
    private ImmutableArray<Growth> Growths()
    {
        SoakSample[] settled = [.. _series.Where(s => s.Seconds >= Settings.Settle && s.At is "rest" or "acting")];
        SoakSample[] samples = settled.Count(s => s.At == "rest") >= 4 ? [.. settled.Where(s => s.At == "rest")] : settled;
        if (samples.Length == 0)
            return [];
        Growth Of(string name, Func<SoakSample, double?> value) =>
            Soak.Growth.Of(name, [.. samples.Select(s => (s.Seconds, Value: value(s))).Where(s => s.Value is not null).Select(s => (s.Seconds, s.Value!.Value))]);
        return
        [
            Of("resident MiB", s => s.ResidentMib),
            Of("open files", s => s.OpenFiles),
            Of("threads", s => s.Threads),
            .. samples.SelectMany(s => s.Metrics?.Keys ?? []).Distinct().Order(StringComparer.Ordinal)
                .Where(IsGauge).Select(name => Of(name, s => s.Metrics is { } m && m.TryGetValue(name, out var value) ? value : null)),
        ];
    }

    // Counters grow: that is what they are for.
    private static bool IsGauge(string name) =>
        !name.Split('{')[0].EndsWith("_total", StringComparison.Ordinal) && !name.Contains("_bucket", StringComparison.Ordinal)
        && !name.Contains("_count", StringComparison.Ordinal) && !name.Contains("_sum", StringComparison.Ordinal);

    private void Fault(string what)
    {
        lock (_examples)
        {
            _faults++;
            if (_examples.Count < MaxExamples && !_examples.Contains(what))
                _examples.Add(what);
        }
    }
}
