using System.Buffers.Binary;
using System.Net.WebSockets;
using Presence.Actors.Connections;
using Presence.Host.Links.Framing;
using Presence.Tests.Fuzzing.Reference;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>Frames of a WebSocket client, beside the WebSocket of .NET.</summary>
internal sealed class WebSocketTarget : FramingTarget
{
    private static readonly ulong[] Lengths = [0, 1, 124, 125, 126, 127, 128, 65535, 65536, 64 << 20, int.MaxValue, uint.MaxValue, long.MaxValue, 1UL << 63, ulong.MaxValue];

    public override string Name => "websocket";

    public override byte[][] Words { get; } =
    [
        [0x81, 0x80, 0, 0, 0, 0], [0x82, 0x80, 0, 0, 0, 0], [0x01, 0x80, 1, 2, 3, 4], [0x00, 0x80, 0, 0, 0, 0], [0x80, 0x80, 0, 0, 0, 0], [0x89, 0x80, 0, 0, 0, 0],
        [0x8a, 0x80, 0, 0, 0, 0], [0x88, 0x80, 0, 0, 0, 0], [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8], [0x81, 0xfe, 0x00, 0x7e], [0x81, 0xff, 0, 0, 0, 0, 0x04, 0, 0, 0], [0xc1, 0x80],
    ];

    // A ping may be longer than a message.
    protected override int MostLeft(int limit) => Math.Max(limit, 125) + 14;

    protected override MessageFraming NewFraming(int limit, int variant) => new WebSocketFraming((WireFormat)variant, limit);

    protected override byte[] Generate(FuzzRandom random)
    {
        var bytes = new List<byte>();
        var data = random.OneIn(2) ? 1 : 2;
        var isFragmented = false;
        for (var frames = random.Small(12); frames > 0; frames--)
        {
            var opcode = random.OneIn(4) ? random.Any([8, 9, 9, 10, 10]) : isFragmented ? 0 : data;
            var isFinal = opcode >= 8 || random.Below(3) > 0;
            if (opcode < 8)
                isFragmented = !isFinal;
            var payload = opcode == 8
                ? [.. BitConverter.GetBytes((ushort)random.Any([1000, 1001, 1005, 1006, 1015, 3000, 5000])).Reverse(), .. "bye"u8.ToArray()[..random.Below(4)]]
                : random.Bytes(random.Small(opcode >= 8 ? 125 : random.OneIn(6) ? 2000 : 140));
            if (opcode == 8 && random.OneIn(4))
                payload = [];
            if (data == 1 && opcode < 8)
                Array.Fill(payload, (byte)'a');
            // Now and then a rule is broken.
            if (random.OneIn(40))
                opcode = random.Below(16);
            if (random.OneIn(40))
                isFinal = !isFinal;
            Write(bytes, random, opcode, isFinal, payload);
        }

        return [.. bytes];
    }

    protected override void Compare(byte[] input, int limit, int variant, IReadOnlyList<ReadFrame> frames, long left)
    {
        var type = variant == 0 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
        var last = frames.Count == 0 ? null : frames[^1];
        // It judges a header when it has come with its mask, and we as soon as we can: so it is given more than was there.
        var reference = ReferenceWebSocket.Read(last is { Kind: FrameKind.Violation } ? [.. input, .. new byte[16]] : input);
        var messages = frames.Where(f => f.Kind == FrameKind.Message).ToArray();
        for (var i = 0; i < messages.Length; i++)
        {
            if (i >= reference.Messages.Count)
            {
                FuzzFailure.Unless(
                    IsBadText(reference, type) && Array.Exists(messages[i..], m => !System.Text.Unicode.Utf8.IsValid(m.Bytes)),
                    $"message {i} is taken, and the WebSocket of .NET ends with {reference.End}");
                return;
            }

            FuzzFailure.UnlessEqual(type, reference.Messages[i].Type, $"the type of message {i}");
            FuzzFailure.UnlessEqual(messages[i].Payload, reference.Messages[i].Payload, $"message {i}");
        }

        // A text that has not ended yet.
        if (IsBadText(reference, type))
            return;

        // The pings that come before the last message: behind it the reader of .NET may stop before it looks at them.
        var pings = frames.Where(f => f.Kind == FrameKind.Ping).Select(f => f.Payload).ToArray();
        if (last is null or { Kind: FrameKind.Message } or { Kind: FrameKind.Close })
            FuzzFailure.UnlessSame(pings, reference.Pongs, "the pings");
        if (last is { Kind: FrameKind.Close })
            FuzzFailure.UnlessEqual(last.Code == InboundFrame.NoCloseCode ? 1000 : last.Code, reference.CloseCode, "the close code");
        // A close of one byte it refuses by the length alone, and we when the byte has come.
        else if (IsCloseOfOneByte(input.AsSpan((int)(input.Length - left))))
            return;
        else if (last is not { Kind: FrameKind.Violation })
            FuzzFailure.Unless(reference.CloseCode == 0 && reference.IsAtEnd, $"nothing is wrong, and the WebSocket of .NET ends with {reference.End}");
        else if (reference.CloseCode == 0 && reference.IsAtEnd)
            // It knows no limit, and takes both types of messages.
            FuzzFailure.Unless(last.Code is 1009 or 1003, $"'{last.Fault}', and the WebSocket of .NET takes all");
    }

    /// <summary>The WebSocket of .NET refuses a text that is not UTF-8 at once; we leave that to the codec.</summary>
    private static bool IsBadText(ReferenceWebSocket.Transcript reference, WebSocketMessageType type) =>
        type == WebSocketMessageType.Text && reference.FaultCode == (int)WebSocketCloseStatus.InvalidPayloadData;

    private static bool IsCloseOfOneByte(ReadOnlySpan<byte> rest) =>
        rest is [0x88, 0x81, ..] or [0x88, 0xfe, 0, 1, ..] or [0x88, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, ..];

    private static void Write(List<byte> bytes, FuzzRandom random, int opcode, bool isFinal, byte[] payload)
    {
        bytes.Add((byte)((isFinal ? 0x80 : 0) | (random.OneIn(60) ? random.Below(8) << 4 : 0) | opcode));
        var length = random.OneIn(30) ? random.Any(Lengths) : (ulong)payload.Length;
        var mask = random.OneIn(60) ? 0 : 0x80;
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(number, length);
        var least = length < 126 ? 1 : length <= 0xffff ? 2 : 8;
        switch (random.OneIn(20) ? random.Any([1, 2, 8]) : least)
        {
            case 1:
                bytes.Add((byte)(mask | (int)(length & 0x7f)));
                break;
            case 2:
                bytes.Add((byte)(mask | 126));
                bytes.AddRange(number[6..].ToArray());
                break;
            default:
                bytes.Add((byte)(mask | 127));
                bytes.AddRange(number.ToArray());
                break;
        }

        var key = random.OneIn(3) ? new byte[4] : random.Bytes(4);
        if (mask != 0)
            bytes.AddRange(key);
        for (var i = 0; i < payload.Length; i++)
            bytes.Add((byte)(payload[i] ^ (mask == 0 ? 0 : key[i % 4])));
    }
}
