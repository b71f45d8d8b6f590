using System.Diagnostics;
using System.Text.Json;
using Presence.Bench.Plans;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>
/// Clients follow busy users and read slowly. That is no misuse but a right (contract L1): none of them may be cut, and what each reads
/// must be an exact chain.
/// </summary>
internal sealed class SlowReaders : IAbuse
{
    private const int MostFollowed = 1000;
    private const int FollowedPerClient = 50;
    private const int FirstUser = 100_000;
    private const int StatusBytes = 200;
    private const int UpdatesPerSecond = 1000;
    private const int OpenedAtOnce = 50;

    private static readonly int[] Rates = [1024, 40 * 1024];

    public string Name => "slow-readers";

    public string Summary => "each client follows the same users, 50 per client and at most 1,000, who update a thousand times per second in all, and reads 1 KB/s or 40 KB/s";

    public int Clients => 20;

    public double Seconds => 50;

    public Task RunAsync(AbuseContext context) =>
        RunAsync(context, context.Accounts(Math.Min(MostFollowed, context.Clients * FollowedPerClient), FirstUser));

    private static async Task RunAsync(AbuseContext context, IReadOnlyList<Account> users)
    {
        var links = new AbuserLink?[users.Count];
        await context.ForManyAsync(users.Count, OpenedAtOnce, async i =>
        {
            links[i] = await context.OpenAsync(LinkKind.WebSocket, users[i], isVisible: true).ConfigureAwait(false);
            if (links[i] is { } link)
                _ = link.ReadAsync(null, 0, context.Ended);
        }).ConfigureAwait(false);
        var updating = Task.Run(() => UpdateAsync(context, [.. links.OfType<AbuserLink>()]));
        var accounts = context.Accounts(context.Clients);
        await context.ForEachClientAsync(i => FollowAsync(context, i, accounts[i], users)).ConfigureAwait(false);
        await updating.ConfigureAwait(false);
    }

    private static async Task UpdateAsync(AbuseContext context, AbuserLink[] publishers)
    {
        var since = Stopwatch.GetTimestamp();
        var padding = new string('x', StatusBytes);
        for (long number = 0; publishers.Length > 0 && !context.Ended.IsCancellationRequested; number++)
        {
            var publisher = publishers[number % publishers.Length];
            await publisher.SendAsync(Outgoing.Update(publisher.Kind, FormattableString.Invariant($"{number};{padding}")), context.Ended).ConfigureAwait(false);
            context.Done.Add("updates sent");
            var ahead = number / (double)UpdatesPerSecond - Stopwatch.GetElapsedTime(since).TotalSeconds;
            if (ahead > 0.01)
                await context.PauseAsync(TimeSpan.FromSeconds(ahead)).ConfigureAwait(false);
        }
    }

    private static async Task FollowAsync(AbuseContext context, int index, Account account, IReadOnlyList<Account> users)
    {
        var rate = Rates[index % Rates.Length];
        if (await context.OpenAsync(LinkKind.WebSocket, account, receiveBuffer: 4096).ConfigureAwait(false) is not { } link)
            return;
        var chain = new ChainCheck();
        string[] ids = [.. users.Select(u => u.UserId)];
        await link.SendAsync(Outgoing.Follow(link.Kind, ids), context.Ended).ConfigureAwait(false);
        await link.ReadAsync(text =>
        {
            using var message = JsonDocument.Parse(text);
            if (message.RootElement.TryGetProperty("status_presence_event", out var change))
                chain.Event(change);
            else if (message.RootElement.TryGetProperty("status", out var answer))
                chain.Answer(ids, answer.GetProperty("presences"));
        }, rate, context.Ended).ConfigureAwait(false);
        context.Done.Add(FormattableString.Invariant($"events read at {rate / 1024} KB/s"), chain.Events);
        if (!context.Ended.IsCancellationRequested)
            context.AddFault(FormattableString.Invariant($"a slow reader at {rate / 1024} KB/s was cut after {chain.Events} events"));
        foreach (var example in chain.Examples)
            context.AddFault($"a slow reader was told a wrong chain: {example}");
    }
}
