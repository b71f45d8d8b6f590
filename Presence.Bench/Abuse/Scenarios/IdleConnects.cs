using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients connect and do not send a byte. A client that is disconnected connects again.</summary>
internal sealed class IdleConnects(string name, LinkKind port, bool needsTls) : IAbuse
{
    private const int AtOnce = 200;
    private const int AgainAtOnce = 20;

    public string Name => name;

    public string Summary => $"each client connects to the {(needsTls ? "TLS" : port == LinkKind.Tcp ? "TCP" : "HTTP")} port and sends nothing";

    public int Clients => 19_900;

    public double Seconds => 25;

    public bool NeedsTls => needsTls;

    public async Task RunAsync(AbuseContext context)
    {
        var readers = new List<Task>();
        await context.ForManyAsync(context.Clients, AtOnce, async _ =>
        {
            if (await ConnectAsync(context).ConfigureAwait(false) is { } reading)
            {
                lock (readers)
                    readers.Add(reading);
            }
        }).ConfigureAwait(false);
        // Those who were disconnected or refused come again, as many as are missing.
        while (!context.Ended.IsCancellationRequested)
        {
            await context.PauseAsync(TimeSpan.FromMilliseconds(500)).ConfigureAwait(false);
            int missing;
            lock (readers)
            {
                readers.RemoveAll(r => r.IsCompleted);
                missing = context.Clients - readers.Count;
            }

            await context.ForManyAsync(Math.Min(missing, 1000), AgainAtOnce, async _ =>
            {
                if (await ConnectAsync(context).ConfigureAwait(false) is { } reading)
                {
                    lock (readers)
                        readers.Add(reading);
                }
            }).ConfigureAwait(false);
        }
    }

    private async Task<Task?> ConnectAsync(AbuseContext context)
    {
        if (await context.ConnectAsync(port).ConfigureAwait(false) is not { } link)
            return null;
        context.Done.Add("connected");
        return link.ReadRawAsync(context.Ended);
    }
}
