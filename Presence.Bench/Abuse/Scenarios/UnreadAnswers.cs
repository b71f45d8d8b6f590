using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients send follow requests with large answers and read nothing.</summary>
internal sealed class UnreadAnswers(string name, int statusBytes) : IAbuse
{
    private const int Followed = 1700;
    private const long BytesEach = 8_400_000;
    private const int OpenedAtOnce = 50;
    private const int SmallBuffer = 4096;

    public string Name => name;

    public string Summary => FormattableString.Invariant($"each client sends 8.4 MB of follow requests for {Followed} users with {statusBytes} bytes of status, and reads nothing");

    public int Clients => 10;

    public async Task PrepareAsync(AbuseContext context)
    {
        var users = context.Accounts(Followed, first: 100_000);
        await context.ForManyAsync(Followed, OpenedAtOnce, async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, users[i]).ConfigureAwait(false) is not { } link)
                return;
            await link.SendAsync(Outgoing.Update(link.Kind, new string('s', statusBytes)), context.Ended).ConfigureAwait(false);
            _ = link.ReadAsync(null, 0, context.Ended);
        }).ConfigureAwait(false);
    }

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        var follow = Outgoing.Follow(LinkKind.WebSocket, context.Accounts(Followed, first: 100_000).Select(a => a.UserId.Replace("-", "", StringComparison.Ordinal)));
        return context.ForEachClientAsync(async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, accounts[i], receiveBuffer: SmallBuffer).ConfigureAwait(false) is not { } link)
                return;
            for (long sent = 0; sent < BytesEach; sent += follow.Length)
            {
                // It waits here when the server reads no more.
                if (!await link.SendAsync(follow, context.Ended).ConfigureAwait(false))
                    break;
                context.Done.Add("bytes sent", follow.Length);
            }

            await context.UntilEndAsync().ConfigureAwait(false);
        });
    }
}
