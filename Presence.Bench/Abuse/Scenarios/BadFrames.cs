using System.Buffers.Binary;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Clients send messages that claim to be far larger than the server allows, and begin again when they are closed.</summary>
internal sealed class AnnouncedFrames : IAbuse
{
    private const int Announced = 64 * 1024 * 1024;

    private static readonly byte[] Block = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];

    public string Name => "announced-frames";

    public string Summary => "each client announces a frame of 64 MB, or sends a line without an end, and its bytes";

    public int Clients => 20;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        return context.ForEachClientAsync(async i =>
        {
            var kind = i % 2 == 0 || context.Target.Tcp is null ? LinkKind.WebSocket : LinkKind.Tcp;
            if (await context.OpenAsync(kind, accounts[i]).ConfigureAwait(false) is not { } link)
                return;
            context.Done.Add("frames announced");
            var reading = link.ReadAsync(null, 0, context.Ended);
            if (kind == LinkKind.WebSocket)
                await link.SendAsync(Header(i % 4 == 0), context.Ended).ConfigureAwait(false);
            for (long sent = 0; sent < Announced && await link.SendAsync(Block, context.Ended).ConfigureAwait(false); sent += Block.Length)
                context.Done.Add("bytes sent", Block.Length);
            await reading.ConfigureAwait(false);
        }, isRepeated: true);
    }

    // A text frame, or one that a continuation is to follow.
    private static byte[] Header(bool isWhole)
    {
        var header = new byte[14];
        (header[0], header[1]) = (isWhole ? (byte)0x81 : (byte)0x01, 0xff);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(2), Announced);
        return header;
    }
}

/// <summary>Clients on protobuf links send messages that are small on the wire and costly to read, one after the other.</summary>
internal sealed class ProtobufBombs : IAbuse
{
    private const int Size = 60_000;

    // Field 26 of the envelope is a follow, field 29 an update; both hold a message.
    private static readonly byte[] FollowTag = [0xd2, 0x01];
    private static readonly byte[] UpdateTag = [0xea, 0x01];

    public string Name => "protobuf-bombs";

    public string Summary => "each client sends protobuf messages that nest deeply, claim huge lengths, or hold tens of thousands of small fields";

    public int Clients => 8;

    public Task RunAsync(AbuseContext context)
    {
        var accounts = context.Accounts(context.Clients);
        byte[][] bombs = [.. All().Select(b => Outgoing.Frame(Opcode.Binary, b))];
        return context.ForEachClientAsync(async i =>
        {
            if (await context.OpenAsync(LinkKind.WebSocket, accounts[i], format: "protobuf").ConfigureAwait(false) is not { } link)
                return;
            var reading = link.ReadAsync(null, 0, context.Ended);
            var bomb = bombs[i % bombs.Length];
            while (await link.SendAsync(bomb, context.Ended).ConfigureAwait(false))
                context.Done.Add("messages sent");
            await reading.ConfigureAwait(false);
        }, isRepeated: true);
    }

    /// <summary>The messages.</summary>
    internal static IEnumerable<byte[]> All()
    {
        // A follow of 30,000 empty ids, and of 30,000 empty names.
        yield return Nested(FollowTag, Repeat([0x0a, 0x00]));
        yield return Nested(FollowTag, Repeat([0x12, 0x00]));
        // A status within a status within a status.
        yield return Deep();
        // An id that claims to have two gigabytes.
        yield return Nested(FollowTag, [0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]);
        // Unknown fields: groups that do not end, and single bytes.
        yield return Repeat([0x7b]);
        yield return Repeat([0x78, 0x01]);
        // The member of the envelope is set again and again.
        yield return Repeat([.. UpdateTag, 0x04, 0x0a, 0x02, 0x0a, 0x00]);
        // A cid that is set again and again.
        yield return Repeat([0x0a, 0x01, (byte)'c']);
    }

    private static byte[] Repeat(byte[] unit) => [.. Enumerable.Repeat(unit, Size / unit.Length).SelectMany(u => u)];

    private static byte[] Nested(byte[] tag, byte[] content) => [.. tag, .. Varint(content.Length), .. content];

    private static byte[] Deep()
    {
        // Built from the inside, as the lengths stand in front.
        var parts = new List<byte[]>();
        for (var length = 0; length < Size - 10;)
        {
            byte[] head = [0x0a, .. Varint(length)];
            parts.Add(head);
            length += head.Length;
        }

        parts.Reverse();
        return Nested(UpdateTag, [.. parts.SelectMany(p => p)]);
    }

    private static byte[] Varint(int value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
            bytes.Add((byte)(value & 0x7f | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
