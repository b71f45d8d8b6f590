using System.Text;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients open a link and send the same bytes again and again, as fast as the server takes them. They read all answers.</summary>
/// <param name="name">The name.</param>
/// <param name="summary">What is sent.</param>
/// <param name="kind">What carries the links.</param>
/// <param name="once">What is sent first, once.</param>
/// <param name="block">What is sent again and again.</param>
internal sealed class Flood(string name, string summary, LinkKind kind, byte[] once, byte[] block) : IAbuse
{
    private const int BlockBytes = 64 * 1024;

    // An opcode with and without the bit that ends a message, masked with a key of zeros.
    private static ReadOnlySpan<byte> EmptyText => [0x01, 0x80, 0, 0, 0, 0];

    private static ReadOnlySpan<byte> EmptyContinuation => [0x00, 0x80, 0, 0, 0, 0];

    public string Name => name;

    public string Summary => $"each client sends {summary} as fast as the server takes them";

    public int Clients => 4;

    /// <summary>All floods.</summary>
    public static IEnumerable<Flood> All =>
    [
        new("flood-newlines", "empty lines to the TCP port", LinkKind.Tcp, [], Repeat("\n"u8)),
        new("flood-pongs", "empty pong frames", LinkKind.WebSocket, [], Repeat(Outgoing.Frame(Opcode.Pong, []))),
        new("flood-pings", "ping frames of 100 bytes", LinkKind.WebSocket, [], Repeat(Outgoing.Frame(Opcode.Ping, new byte[100]))),
        new("flood-empty-fragments", "empty fragments of one message", LinkKind.WebSocket, EmptyText.ToArray(), Repeat(EmptyContinuation)),
        new("flood-large-json", "JSON messages of 64 KB", LinkKind.WebSocket, [], LargeJson()),
        new("flood-status-updates", "status updates", LinkKind.WebSocket, [], Repeat(Outgoing.Update(LinkKind.WebSocket, "flood"))),
        new("flood-tcp-status-updates", "status updates to the TCP port", LinkKind.Tcp, [], Repeat(Outgoing.Update(LinkKind.Tcp, "flood"))),
    ];

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        return context.ForEachClientAsync(async i =>
        {
            if (await context.OpenAsync(kind, accounts[i]).ConfigureAwait(false) is not { } link)
                return;
            var reading = link.ReadAsync(null, 0, context.Ended);
            if (once.Length > 0)
                await link.SendAsync(once, context.Ended).ConfigureAwait(false);
            while (await link.SendAsync(block, context.Ended).ConfigureAwait(false))
                context.Done.Add("bytes sent", block.Length);
            await reading.ConfigureAwait(false);
        }, isRepeated: true);
    }

    private static byte[] Repeat(ReadOnlySpan<byte> unit)
    {
        var block = new byte[BlockBytes / unit.Length * unit.Length];
        for (var at = 0; at < block.Length; at += unit.Length)
            unit.CopyTo(block.AsSpan(at));
        return block;
    }

    private static byte[] LargeJson()
    {
        var text = new StringBuilder("""{"cid":"p","ping":{},"x":[0""");
        while (text.Length < 65_000)
            text.Append(",[{\"a\":0}]");
        return Outgoing.Message(LinkKind.WebSocket, text.Append("]}").ToString());
    }
}
