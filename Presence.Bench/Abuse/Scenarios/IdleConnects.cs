using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients connect and do not send a byte. A client that is disconnected connects again.</summary>
internal sealed class IdleConnects(string name, LinkKind port, bool needsTls) : IAbuse
{
    private const int AtOnce = 200;

    public string Name => name;

    public string Summary => $"each client connects to the {(needsTls ? "TLS" : port == LinkKind.Tcp ? "TCP" : "HTTP")} port and sends nothing";

    public int Clients => 19_900;

    public double Seconds => 25;

    public bool NeedsTls => needsTls;

    public Task RunAsync(AbuseContext context) => new LinkPool(context, AtOnce).KeepAsync(
        TimeSpan.FromMilliseconds(500),
        async _ => await context.ConnectAsync(port).ConfigureAwait(false) is { } link ? link.ReadRawAsync(context.Ended) : null);
}
