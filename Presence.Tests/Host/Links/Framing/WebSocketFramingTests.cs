using System.Buffers;
using System.Text;
using Presence.Actors.Connections;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Framing;

[Trait("Clause", "L3")]
public sealed class WebSocketFramingTests
{
    private const int Max = 1000;

    private static WebSocketFraming Json() => new(WireFormat.Json, Max);

    private static byte[] Bytes(params ReadOnlySpan<ClientFrame> frames)
    {
        var bytes = new List<byte>();
        foreach (var frame in frames)
            bytes.AddRange(frame.ToBytes());
        return [.. bytes];
    }

    private static byte[] Filled(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))];

    [Fact]
    public void The_masked_hello_of_the_rfc_is_read() =>
        Assert.Equal([SeenFrame.Message("Hello"u8)], Json().ReadAll(Convert.FromHexString("818537FA213D7F9F4D5158")));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(1_000_003)]
    public void Messages_of_all_lengths_are_unmasked(int length)
    {
        var payload = Filled(length);
        using var framing = new WebSocketFraming(WireFormat.Protobuf, 1_000_003);
        var seen = framing.ReadAll(Bytes(new ClientFrame(ClientFrame.Binary, payload) { Mask = 0x01ff80a5 }));
        Assert.Equal([SeenFrame.Message(payload)], seen);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void A_length_in_more_bytes_than_it_needs_is_accepted(int lengthBytes) =>
        Assert.Equal(
            [SeenFrame.Message("{}"u8)],
            Json().ReadAll(Bytes(new ClientFrame(ClientFrame.Text, "{}"u8.ToArray()) { LengthBytes = lengthBytes })));

    [Fact]
    public void Pieces_are_put_together_with_control_frames_in_between()
    {
        var seen = Json().ReadAll(Bytes(
            new ClientFrame(ClientFrame.Text, "on"u8.ToArray()) { IsFinal = false },
            new ClientFrame(ClientFrame.Ping, "p"u8.ToArray()),
            new ClientFrame(ClientFrame.Continuation, []) { IsFinal = false, Mask = 0 },
            new ClientFrame(ClientFrame.Pong, "q"u8.ToArray()),
            new ClientFrame(ClientFrame.Continuation, "e"u8.ToArray()) { Mask = 0xffffffff },
            new ClientFrame(ClientFrame.Text, "two"u8.ToArray())));
        Assert.Equal([SeenFrame.Ping("p"u8), SeenFrame.Pong("q"u8), SeenFrame.Message("one"u8), SeenFrame.Message("two"u8)], seen);
    }

    [Fact]
    public void A_close_may_come_in_the_middle_of_a_message() =>
        Assert.Equal(
            [SeenFrame.Close(1001)],
            Json().ReadAll(Bytes(new ClientFrame(ClientFrame.Text, "on"u8.ToArray()) { IsFinal = false }, ClientFrame.CloseWith(1001))));

    [Theory]
    [InlineData(1000)]
    [InlineData(1001)]
    [InlineData(1002)]
    [InlineData(1003)]
    [InlineData(1007)]
    [InlineData(1011)]
    [InlineData(1014)]
    [InlineData(3000)]
    [InlineData(4999)]
    public void A_close_is_echoed_with_its_code_and_no_reason(int code)
    {
        var close = Assert.Single(Json().ReadAll(Bytes(ClientFrame.CloseWith(code, "schön"u8))));
        Assert.Equal(SeenFrame.Close(code), close);
        var output = new ArrayBufferWriter<byte>();
        Json().WriteClose(output, (ushort)close.CloseCode, "");
        Assert.Equal([0x88, 0x02, (byte)(code >> 8), (byte)code], output.WrittenSpan.ToArray());
    }

    [Fact]
    public void An_empty_close_is_echoed_empty()
    {
        var close = Assert.Single(Json().ReadAll(Bytes(new ClientFrame(ClientFrame.Close, []))));
        Assert.Equal(SeenFrame.Close(InboundFrame.NoCloseCode), close);
        var output = new ArrayBufferWriter<byte>();
        Json().WriteClose(output, (ushort)close.CloseCode, "ignored");
        Assert.Equal([0x88, 0x00], output.WrittenSpan.ToArray());
    }

    [Fact]
    public void Nothing_is_read_behind_a_close()
    {
        var framing = Json();
        var input = new ReadOnlySequence<byte>(Bytes(ClientFrame.CloseWith(1000), new ClientFrame(ClientFrame.Text, "{}"u8.ToArray())));
        Assert.True(framing.TryRead(ref input, out var frame));
        Assert.Equal(FrameKind.Close, frame.Kind);
        Assert.True(input.IsEmpty);
        input = new ReadOnlySequence<byte>(Bytes(new ClientFrame(ClientFrame.Text, "{}"u8.ToArray())));
        Assert.False(framing.TryRead(ref input, out _));
        Assert.True(input.IsEmpty);
    }

    public static TheoryData<string, byte[], int> Violations()
    {
        var ping = new ClientFrame(ClientFrame.Ping, []);
        var text = new ClientFrame(ClientFrame.Text, "{}"u8.ToArray());
        var begun = text with { IsFinal = false };
        var data = new TheoryData<string, byte[], int>
        {
            { "unmasked text", Bytes(text with { Mask = null }), 1002 },
            { "unmasked ping", Bytes(ping with { Mask = null }), 1002 },
            { "unmasked close", Bytes(ClientFrame.CloseWith(1000) with { Mask = null }), 1002 },
            { "stray continuation", Bytes(text with { Opcode = ClientFrame.Continuation }), 1002 },
            { "continuation of a finished message", Bytes(text, text with { Opcode = ClientFrame.Continuation }), 1002 },
            { "message begun before the last ended", Bytes(begun, text), 1002 },
            { "message of the other type begun before the last ended", Bytes(begun, text with { Opcode = ClientFrame.Binary }), 1002 },
            { "fragmented ping", Bytes(ping with { IsFinal = false }), 1002 },
            { "fragmented close", Bytes(ClientFrame.CloseWith(1000) with { IsFinal = false }), 1002 },
            { "long ping", Bytes(ping with { Payload = new byte[126] }), 1002 },
            { "long pong", Bytes(new ClientFrame(ClientFrame.Pong, new byte[126])), 1002 },
            { "long close", Bytes(ClientFrame.CloseWith(1000, new byte[124])), 1002 },
            { "endless ping", Bytes(ping with { AnnouncedLength = ulong.MaxValue }), 1002 },
            { "half a close code", Bytes(new ClientFrame(ClientFrame.Close, [0x03])), 1002 },
            { "close reason that is not UTF-8", Bytes(ClientFrame.CloseWith(1000, 0xc3, 0x28)), 1002 },
            { "close reason that ends in half a character", Bytes(ClientFrame.CloseWith(1000, 0xc3)), 1002 },
            { "length with the top bit", Bytes(text with { AnnouncedLength = 1UL << 63 }), 1002 },
            { "binary on a JSON link", Bytes(text with { Opcode = ClientFrame.Binary }), 1003 },
            { "fragmented binary on a JSON link", Bytes(begun with { Opcode = ClientFrame.Binary }), 1003 },
            { "a byte too long", Bytes(text with { Payload = new byte[Max + 1] }), 1009 },
            { "announced 16-bit length too long", Bytes(text with { AnnouncedLength = Max + 1 })[..4], 1009 },
            { "announced 64-bit length too long", Bytes(text with { AnnouncedLength = 1 << 20 })[..10], 1009 },
            { "longest announced length", Bytes(text with { AnnouncedLength = long.MaxValue })[..10], 1009 },
            { "a byte too long in pieces", Bytes(begun with { Payload = new byte[Max] }, text with { Opcode = ClientFrame.Continuation, AnnouncedLength = 1 })[..^6], 1009 },
        };
        foreach (var bits in Enumerable.Range(1, 7))
            data.Add($"reserved bits {bits}", Bytes(text with { ReservedBits = bits }), 1002);
        foreach (var opcode in new[] { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 })
            data.Add($"reserved opcode {opcode}", Bytes(text with { Opcode = opcode }), 1002);
        foreach (var code in new[] { 0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535 })
            data.Add($"close code {code}", Bytes(ClientFrame.CloseWith(code)), 1002);
        return data;
    }

    [Theory]
    [MemberData(nameof(Violations))]
    public void A_broken_rule_ends_the_reading(string name, byte[] bytes, int closeCode)
    {
        var more = Bytes(new ClientFrame(ClientFrame.Ping, []));
        var seen = Json().ReadAll([.. bytes, .. more]);
        Assert.True(seen.Count > 0, name);
        var last = seen[^1];
        Assert.Equal((FrameKind.Violation, closeCode), (last.Kind, last.FaultCode));
        Assert.False(string.IsNullOrWhiteSpace(last.Fault));
        Assert.DoesNotContain(seen[..^1], f => f.Kind != FrameKind.Message);

        Assert.Equal(seen, Json().ReadAll(bytes.Select(b => new[] { b })));
    }

    [Fact]
    public void A_violation_is_a_bad_input()
    {
        var input = new ReadOnlySequence<byte>(Bytes(new ClientFrame(ClientFrame.Binary, [])));
        Assert.True(Json().TryRead(ref input, out var frame));
        Assert.Equal((ErrorCode.BadInput, CloseReason.WrongFrameType), (frame.Fault?.Code, frame.Fault?.Reason));
        Assert.True(input.IsEmpty);
    }

    [Fact]
    public void Text_on_a_protobuf_link_is_a_violation()
    {
        using var framing = new WebSocketFraming(WireFormat.Protobuf, Max);
        var seen = framing.ReadAll(Bytes(new ClientFrame(ClientFrame.Text, "{}"u8.ToArray())));
        Assert.Equal(1003, Assert.Single(seen).FaultCode);
    }

    [Fact]
    public void The_longest_message_is_taken_whole_or_in_pieces()
    {
        var payload = Filled(Max);
        Assert.Equal([SeenFrame.Message(payload)], Json().ReadAll(Bytes(new ClientFrame(ClientFrame.Text, payload))));
        Assert.Equal(
            [SeenFrame.Message(payload), SeenFrame.Message(payload)],
            Json().ReadAll(Bytes(
                new ClientFrame(ClientFrame.Text, payload[..1]) { IsFinal = false },
                new ClientFrame(ClientFrame.Continuation, payload[1..]),
                new ClientFrame(ClientFrame.Text, payload[..^1]) { IsFinal = false },
                new ClientFrame(ClientFrame.Continuation, payload[^1..]) { IsFinal = false },
                new ClientFrame(ClientFrame.Continuation, []))));
    }

    [Fact]
    public void An_idle_link_costs_few_bytes_and_holds_no_buffer()
    {
        var links = new WebSocketFraming[1000];
        var message = Bytes(new ClientFrame(ClientFrame.Text, Filled(900)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < links.Length; i++)
        {
            links[i] = Json();
            var input = new ReadOnlySequence<byte>(message);
            Assert.True(links[i].TryRead(ref input, out _));
            Assert.False(links[i].TryRead(ref input, out _));
        }

        // One array in turn for all of them, and nothing of its size for each.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < links.Length * 128);
    }

    [Fact]
    [Trait("Clause", "L2")]
    public void Each_piece_is_a_read_of_its_own()
    {
        var framing = Json();
        var first = Bytes(new ClientFrame(ClientFrame.Text, []) { IsFinal = false });
        var next = Bytes(new ClientFrame(ClientFrame.Continuation, []) { IsFinal = false });
        var input = new ReadOnlySequence<byte>([.. first, .. Enumerable.Repeat(next, 100).SelectMany(piece => piece)]);
        for (var i = 0; i <= 100; i++)
        {
            Assert.True(framing.TryRead(ref input, out var piece));
            Assert.Equal(FrameKind.Piece, piece.Kind);
            Assert.Equal((100 - i) * next.Length, input.Length);
        }

        Assert.False(framing.TryRead(ref input, out _));
    }

    [Fact]
    public void A_disposed_framing_reads_nothing()
    {
        var framing = Json();
        var input = new ReadOnlySequence<byte>(Bytes(new ClientFrame(ClientFrame.Text, "on"u8.ToArray()) { IsFinal = false }));
        Assert.True(framing.TryRead(ref input, out var piece));
        Assert.Equal(FrameKind.Piece, piece.Kind);
        framing.Dispose();
        framing.Dispose();
        input = new ReadOnlySequence<byte>(Bytes(new ClientFrame(ClientFrame.Continuation, "e"u8.ToArray())));
        Assert.False(framing.TryRead(ref input, out _));
    }

    [Theory]
    [InlineData(0, "8100")]
    [InlineData(125, "817D")]
    [InlineData(126, "817E007E")]
    [InlineData(65_535, "817EFFFF")]
    [InlineData(65_536, "817F0000000000010000")]
    public void A_message_is_written_as_one_unmasked_frame(int length, string header)
    {
        var payload = Filled(length);
        var output = new ArrayBufferWriter<byte>();
        Json().Write(output, payload);
        Assert.Equal(header + Convert.ToHexString(payload), Convert.ToHexString(output.WrittenSpan));
        Assert.Equal(output.WrittenCount, Json().FrameLength(length));

        var prepared = new ArrayBufferWriter<byte>();
        Json().WriteHeader(prepared, length);
        Assert.Equal(header, Convert.ToHexString(prepared.WrittenSpan));
    }

    [Fact]
    public void Protobuf_is_written_in_binary_frames()
    {
        using var framing = new WebSocketFraming(WireFormat.Protobuf, Max);
        var output = new ArrayBufferWriter<byte>();
        framing.Write(output, [1, 2]);
        framing.Write(output, []);
        Assert.Equal("820201028200", Convert.ToHexString(output.WrittenSpan));
    }

    [Fact]
    public void A_ping_has_the_payload_that_its_pong_repeats()
    {
        var output = new ArrayBufferWriter<byte>();
        Json().WritePing(output, []);
        Json().WritePing(output, [7]);
        Json().WritePong(output, Chunks.ToSequence([[1, 2], [3]]));
        Json().WritePong(output, ReadOnlySequence<byte>.Empty);
        Assert.Equal("8900" + "890107" + "8A03010203" + "8A00", Convert.ToHexString(output.WrittenSpan));
        Assert.Throws<ArgumentOutOfRangeException>(() => Json().WritePing(output, new byte[126]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Json().WritePong(output, new ReadOnlySequence<byte>(new byte[126])));
    }

    [Theory]
    [InlineData("bye")]
    [InlineData("")]
    [InlineData("grüß dich 😀")]
    public void A_close_carries_its_reason(string reason)
    {
        var output = new ArrayBufferWriter<byte>();
        Json().WriteClose(output, 4001, reason);
        var text = Encoding.UTF8.GetBytes(reason);
        Assert.Equal([0x88, (byte)(2 + text.Length), 0x0f, 0xa1, .. text], output.WrittenSpan.ToArray());
    }

    [Theory]
    [InlineData("a", 123)]
    [InlineData("é", 122)]
    [InlineData("€", 123)]
    [InlineData("😀", 120)]
    public void A_long_reason_is_cut_between_characters(string character, int bytes)
    {
        var output = new ArrayBufferWriter<byte>();
        Json().WriteClose(output, 1000, string.Concat(Enumerable.Repeat(character, 200)));
        Assert.Equal(2 + 2 + bytes, output.WrittenCount);
        Assert.Equal(2 + bytes, output.WrittenSpan[1]);
        Assert.True(System.Text.Unicode.Utf8.IsValid(output.WrittenSpan[4..]));
    }
}
