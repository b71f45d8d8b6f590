using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients follow and unfollow ids that nobody has, new ones each time, as fast as the server takes them.</summary>
internal sealed class UnknownIds : IAbuse
{
    public string Name => "unknown-ids";

    public string Summary => "each client follows and unfollows 1,800 random ids again and again, without waiting for the answers";

    public int Clients => 8;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        return context.ForEachClientAsync(async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, accounts[i]).ConfigureAwait(false) is not { } link)
                return;
            var reading = link.ReadAsync(null, 0, context.Ended);
            var random = new RandomIds(Random.Shared.Next());
            while (link.IsOpen && !context.Ended.IsCancellationRequested)
            {
                var ids = random.Next(RandomIds.MostInMessage);
                if (!await link.SendAsync(Outgoing.Follow(link.Kind, ids), context.Ended).ConfigureAwait(false))
                    break;
                context.Done.Add("follows sent", ids.Length);
                await link.SendAsync(Outgoing.Unfollow(link.Kind, ids), context.Ended).ConfigureAwait(false);
            }

            await reading.ConfigureAwait(false);
        }, isRepeated: true);
    }
}

/// <summary>Clients follow 10,000 ids each that nobody has, and stay.</summary>
internal sealed class RandomFollows : IAbuse
{
    private const int FollowsEach = 10_000;

    public string Name => "random-follows";

    public string Summary => "each client follows 10,000 random ids once, and stays until the end";

    public int Clients => 60;

    public double Seconds => 15;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        return context.ForEachClientAsync(async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, accounts[i]).ConfigureAwait(false) is not { } link)
                return;
            var random = new RandomIds(Random.Shared.Next());
            var reading = link.ReadAsync(text =>
            {
                if (ServerText.KindOf(text.Span) == TextKind.FollowReply)
                    context.Done.Add("requests answered");
            }, 0, context.Ended);
            for (var sent = 0; sent < FollowsEach && link.IsOpen;)
            {
                var ids = random.Next(Math.Min(RandomIds.MostInMessage, FollowsEach - sent));
                if (!await link.SendAsync(Outgoing.Follow(link.Kind, ids), context.Ended).ConfigureAwait(false))
                    break;
                sent += ids.Length;
                context.Done.Add("follows sent", ids.Length);
            }

            await reading.ConfigureAwait(false);
        });
    }
}
