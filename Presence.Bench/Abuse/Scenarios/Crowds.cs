using Presence.Bench.Plans;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Links that follow many users each are cut at the same moment, again and again.</summary>
internal sealed class MassCut : IAbuse
{
    private const int FollowsEach = 5000;
    private const int FirstUser = 200_000;
    private const int InMessage = 1500;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public string Name => "mass-cut";

    public string Summary => "the clients follow 5,000 users each, are cut at the same moment, and begin again";

    public int Clients => 100;

    public double Seconds => 15;

    public async Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        string[] ids = [.. context.Accounts(FollowsEach, FirstUser).Select(a => a.UserId)];
        byte[][] follows = [.. ids.Chunk(InMessage).Select(c => Outgoing.Follow(LinkKind.WebSocket, c))];
        while (!context.Ended.IsCancellationRequested)
        {
            var links = new AbuserLink?[context.Clients];
            await context.ForManyAsync(context.Clients, 20, async i =>
            {
                if (await context.OpenAsync(LinkKind.WebSocket, accounts[i], isVisible: true).ConfigureAwait(false) is not { } link)
                    return;
                var owed = follows.Length;
                var answered = new TaskCompletionSource();
                var reading = link.ReadAsync(text =>
                {
                    if (ServerText.KindOf(text.Span) is TextKind.FollowReply or TextKind.FollowRefused && --owed == 0)
                        answered.TrySetResult();
                }, 0, context.Ended);
                foreach (var follow in follows)
                    await link.SendAsync(follow, context.Ended).ConfigureAwait(false);
                await Task.WhenAny(answered.Task, reading).ConfigureAwait(false);
                links[i] = link;
            }).ConfigureAwait(false);
            await context.PauseAsync(Rest).ConfigureAwait(false);
            foreach (var link in links)
                link?.Dispose();
            context.Done.Add("times all were cut");
            await context.PauseAsync(Rest).ConfigureAwait(false);
        }
    }
}

/// <summary>All clients connect and follow at once, and are cut at the same moment, again and again.</summary>
internal sealed class MassReconnect : IAbuse
{
    private const int FollowsEach = 100;

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    public string Name => "mass-reconnect";

    public string Summary => "the clients connect and follow 100 of each other at once, are cut at the same moment, and begin again";

    public int Clients => 5000;

    public double Seconds => 20;

    public async Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        while (!context.Ended.IsCancellationRequested)
        {
            var links = new AbuserLink?[context.Clients];
            await context.ForManyAsync(context.Clients, 500, async i =>
            {
                if (await context.OpenAsync(LinkKind.WebSocket, accounts[i], isVisible: true).ConfigureAwait(false) is not { } link)
                    return;
                links[i] = link;
                context.Done.Add("connected");
                _ = link.ReadAsync(null, 0, context.Ended);
                var followed = Enumerable.Range(1, FollowsEach).Select(k => accounts[(i + k * 37) % accounts.Length].UserId);
                await link.SendAsync(Outgoing.Follow(link.Kind, followed), context.Ended).ConfigureAwait(false);
            }).ConfigureAwait(false);
            await context.PauseAsync(Rest).ConfigureAwait(false);
            foreach (var link in links)
                link?.Dispose();
            context.Done.Add("times all were cut");
        }
    }
}

/// <summary>Many connections of one user, each of which is told of all the others.</summary>
internal sealed class OneUser : IAbuse
{
    private const int AtOnce = 100;

    public string Name => "one-user";

    public string Summary => "all clients are the same user, who appears online with each connection";

    public int Clients => 4000;

    public double Seconds => 15;

    public Task RunAsync(AbuseContext context)
    {
        var account = context.Accounts(1)[0];
        return new LinkPool(context, AtOnce).KeepAsync(TimeSpan.FromSeconds(1), async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, account, isVisible: true).ConfigureAwait(false) is not { } link)
                return null;
            var reading = link.ReadAsync(null, 0, context.Ended);
            await link.SendAsync(Outgoing.Update(link.Kind, FormattableString.Invariant($"device {i}")), context.Ended).ConfigureAwait(false);
            return reading;
        });
    }
}

/// <summary>Many users with one name, and followers of that name.</summary>
internal sealed class OneName : IAbuse
{
    private const int AtOnce = 100;
    private const int Followers = 10;
    private const string SharedName = "everybody";

    public string Name => "one-name";

    public string Summary => "all clients have the same username; ten others follow that name again and again";

    public int Clients => 5000;

    public double Seconds => 15;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients, username: SharedName);
        var followers = context.Accounts(Followers, 300_000);
        var named = new LinkPool(context, AtOnce).KeepAsync(TimeSpan.FromSeconds(1), async i =>
            await context.OpenAsync(LinkKind.WebSocket, accounts[i], isVisible: true).ConfigureAwait(false) is { } link ? link.ReadAsync(null, 0, context.Ended) : null);
        return Task.WhenAll([named, .. Enumerable.Range(0, Followers).Select(i => FollowAsync(context, followers[i]))]);
    }

    private static async Task FollowAsync(AbuseContext context, Account follower)
    {
        if (await context.OpenAsync(LinkKind.WebSocket, follower).ConfigureAwait(false) is not { } link)
            return;
        _ = link.ReadAsync(null, 0, context.Ended);
        while (await link.SendAsync(Outgoing.FollowNames(link.Kind, [SharedName]), context.Ended).ConfigureAwait(false) && !context.Ended.IsCancellationRequested)
        {
            context.Done.Add("follows of the name");
            await context.PauseAsync(TimeSpan.FromMilliseconds(200)).ConfigureAwait(false);
        }
    }
}

/// <summary>Clients ask the HTTP API for many users again and again.</summary>
internal sealed class UserQueries : IAbuse
{
    private const int IdsEach = 400;

    public string Name => "user-queries";

    public string Summary => "each client asks /v2/user for 400 random ids again and again, one request after the other";

    public int Clients => 50;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        return context.ForEachClientAsync(async i =>
        {
            if (await context.ConnectAsync(LinkKind.WebSocket, isSecured: true).ConfigureAwait(false) is not { } link)
                return;
            var random = new RandomIds(Random.Shared.Next());
            while (!context.Ended.IsCancellationRequested)
            {
                var request = $"GET /v2/user?ids={string.Join("&ids=", random.Next(IdsEach))} HTTP/1.1\r\nHost: {context.Target.Server.Authority}\r\nAuthorization: Bearer {accounts[i].Token}\r\n\r\n";
                if (!await link.SendAsync(System.Text.Encoding.ASCII.GetBytes(request), context.Ended).ConfigureAwait(false))
                    break;
                context.Done.Add("requests sent");
                if (await link.ReadHttpAsync(context.Ended).ConfigureAwait(false) is not (> 0 and var status))
                    break;
                context.Answers.Add(FormattableString.Invariant($"HTTP {status}"));
            }

            link.Dispose();
        }, isRepeated: true);
    }
}

/// <summary>Clients follow names of nearly the longest message.</summary>
internal sealed class LongNames : IAbuse
{
    private const int NameBytes = 65_000;
    private const int NamesEach = 1000;

    public string Name => "long-names";

    public string Summary => "each client follows 1,000 names of 65,000 bytes that nobody has, and leaves";

    public int Clients => 4;

    public double Seconds => 15;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        return context.ForEachClientAsync(async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, accounts[i]).ConfigureAwait(false) is not { } link)
                return;
            var reading = link.ReadAsync(null, 0, context.Ended);
            var follow = Outgoing.FollowNames(link.Kind, [FormattableString.Invariant($"{i:D4}-0000-{new string('n', NameBytes - 10)}")]);
            var at = follow.AsSpan().IndexOf("-0000-"u8) + 1;
            for (var sent = 0; sent < NamesEach; sent++)
            {
                System.Text.Encoding.ASCII.GetBytes(sent.ToString("D4", System.Globalization.CultureInfo.InvariantCulture)).CopyTo(follow, at);
                if (!await link.SendAsync(follow, context.Ended).ConfigureAwait(false))
                    break;
                context.Done.Add("names followed");
            }

            await reading.ConfigureAwait(false);
        });
    }
}
