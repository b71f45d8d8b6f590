using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients send the beginning of a handshake and no more. A client that is disconnected begins again.</summary>
internal sealed class HalfOpen : IAbuse
{
    private const int AtOnce = 100;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // The header of a TLS record that announces 512 bytes, and the beginning of a ClientHello of TLS 1.2.
    private static readonly byte[] HalfOfTls = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, .. new byte[32]];

    public string Name => "half-open";

    public string Summary => "each client sends half a request head, half a hello line, or half a TLS handshake, and no more";

    public int Clients => 10_000;

    public double Seconds => 20;

    public async Task RunAsync(AbuseContext context)
    {
        var held = new LinkPool(context, AtOnce);
        await held.KeepAsync(Pause, async i =>
        {
            var kind = i % 2 == 0 || context.Target.Tcp is null ? LinkKind.WebSocket : LinkKind.Tcp;
            if (await context.ConnectAsync(kind).ConfigureAwait(false) is not { } link)
                return null;
            var half = context.Target.IsTls(kind) ? HalfOfTls : kind == LinkKind.Tcp ? """{"hello":{"token":" """u8.ToArray() : "GET /ws?token=abc HTTP/1.1\r\nHost: local"u8.ToArray();
            return await link.SendAsync(half, context.Ended).ConfigureAwait(false) ? link.ReadRawAsync(context.Ended) : null;
        }).ConfigureAwait(false);
    }
}

/// <summary>Clients send a request head, a byte per second. A client that is disconnected begins again.</summary>
internal sealed class SlowLoris : IAbuse
{
    private const int AtOnce = 100;

    private static readonly byte[] Head = [.. "GET /ws?status=true HTTP/1.1\r\nHost: localhost\r\n"u8, .. Enumerable.Repeat("X-Header: value\r\n"u8.ToArray(), 400).SelectMany(h => h)];

    private static readonly byte[] Hello = [.. """{"hello":{"token":" """u8, .. Enumerable.Repeat((byte)'x', 4000)];

    public string Name => "slowloris";

    public string Summary => "each client sends a request head or a hello line, one byte per second";

    public int Clients => 2000;

    public double Seconds => 30;

    public async Task RunAsync(AbuseContext context)
    {
        var held = new LinkPool(context, AtOnce);
        await held.KeepAsync(TimeSpan.FromSeconds(1), async i =>
        {
            var kind = i % 2 == 0 || context.Target.Tcp is null ? LinkKind.WebSocket : LinkKind.Tcp;
            return await context.ConnectAsync(kind, isSecured: true).ConfigureAwait(false) is { } link ? SendSlowlyAsync(context, link) : null;
        }).ConfigureAwait(false);
    }

    private static async Task SendSlowlyAsync(AbuseContext context, AbuserLink link)
    {
        var reading = link.ReadRawAsync(context.Ended);
        var bytes = link.Kind == LinkKind.Tcp ? Hello : Head;
        for (var i = 0; i < bytes.Length && await link.SendAsync(bytes.AsMemory(i, 1), context.Ended).ConfigureAwait(false); i++)
            await context.PauseAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        await reading.ConfigureAwait(false);
    }
}
