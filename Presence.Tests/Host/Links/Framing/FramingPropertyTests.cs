using System.Buffers;
using CsCheck;
using Presence.Actors.Connections;
using Presence.Host.Links.Framing;
using Xunit;

namespace Presence.Tests.Host.Links.Framing;

/// <summary>However the network cuts the bytes, the same frames come out.</summary>
[Trait("Clause", "L3")]
public sealed class FramingPropertyTests
{
    private const int Max = 400;

    private static readonly Gen<byte[]> Payload = Gen.OneOf(
        Gen.Byte.Array[0, 20], Gen.Byte.Array[120, 130], Gen.Byte.Array[0, Max]);

    private static readonly Gen<(byte[] Bytes, SeenFrame Seen)> Control = Gen.Select(Gen.Byte.Array[0, 125], Gen.UInt, Gen.Bool).Select(
        (payload, mask, isPing) => (
            new ClientFrame(isPing ? ClientFrame.Ping : ClientFrame.Pong, payload) { Mask = mask }.ToBytes(),
            isPing ? SeenFrame.Ping(payload) : SeenFrame.Pong(payload)));

    // A message in one frame or several, with control frames between the pieces.
    private static readonly Gen<(byte[] Bytes, SeenFrame[] Seen)> Message =
        Gen.Select(Payload, Gen.Int[0, Max].Array[0, 4], Control.Array[5], Gen.Bool.Array[5], Gen.UInt).Select(
            (payload, cuts, controls, hasControl, mask) =>
            {
                var pieces = payload.CutAt(cuts.Select(c => Math.Min(c, payload.Length))).ToList();
                var bytes = new List<byte>();
                var seen = new List<SeenFrame>();
                for (var i = 0; i < pieces.Count; i++)
                {
                    var opcode = i == 0 ? ClientFrame.Binary : ClientFrame.Continuation;
                    bytes.AddRange(new ClientFrame(opcode, pieces[i]) { IsFinal = i == pieces.Count - 1, Mask = mask + (uint)i }.ToBytes());
                    if (i == pieces.Count - 1)
                        seen.Add(SeenFrame.Message(payload));
                    if (!hasControl[i])
                        continue;
                    bytes.AddRange(controls[i].Bytes);
                    seen.Add(controls[i].Seen);
                }

                return (bytes.ToArray(), seen.ToArray());
            });

    private static readonly Gen<(byte[] Bytes, SeenFrame[] Seen)> WebSocketStream = Gen.Select(Message.Array[0, 6], Gen.Bool).Select(
        (messages, isClosed) =>
        {
            var bytes = messages.SelectMany(m => m.Bytes);
            var seen = messages.SelectMany(m => m.Seen);
            return isClosed
                ? ([.. bytes, .. ClientFrame.CloseWith(1001, "bye"u8).ToBytes(), 1, 2, 3], [.. seen, SeenFrame.Close(1001)])
                : (bytes.ToArray(), seen.ToArray());
        });

    private static readonly Gen<byte[]> Line = Gen.Byte.Where(b => b is not ((byte)'\n' or (byte)'\r')).Array[1, Max];

    private static readonly Gen<(byte[] Bytes, SeenFrame[] Seen)> LineStream = Gen.Select(Line, Gen.Int[0, 3]).Array[0, 6].Select(
        lines => (
            lines.SelectMany(l => (byte[])[.. l.Item1, .. l.Item2 switch { 0 => "\r\n"u8, 1 => "\n\n"u8, 2 => "\n\r\n"u8, _ => "\n"u8 }]).ToArray(),
            lines.Select(l => SeenFrame.Message(l.Item1)).ToArray()));

    private static readonly Gen<(byte[] Bytes, SeenFrame[] Seen)> DelimitedStream = Payload.Array[0, 6].Select(
        messages => (
            messages.SelectMany(m => (byte[])[.. Varint(m.Length), .. m]).ToArray(),
            messages.Select(m => SeenFrame.Message(m)).ToArray()));

    private static byte[] Varint(int length) => length < 128 ? [(byte)length] : [(byte)(length | 0x80), (byte)(length >> 7)];

    private static void IsReadHoweverItIsCut(Gen<(byte[] Bytes, SeenFrame[] Seen)> streams, Func<MessageFraming> create) =>
        Gen.Select(streams, Gen.Double[0, 1].Array[0, 30]).Sample(
            (stream, cuts) =>
            {
                var (bytes, expected) = stream;
                using var whole = create();
                Assert.Equal(expected, whole.ReadAll(bytes));
                using var bytewise = create();
                Assert.Equal(expected, bytewise.ReadAll(bytes.Select(b => new[] { b })));
                using var chunked = create();
                Assert.Equal(expected, chunked.ReadAll(bytes.CutAt(cuts.Select(c => (int)(c * bytes.Length)))));
            },
            iter: 100);

    [Fact]
    public void WebSocket_frames_are_read_however_they_are_cut() =>
        IsReadHoweverItIsCut(WebSocketStream, () => new WebSocketFraming(WireFormat.Protobuf, Max));

    [Fact]
    public void Lines_are_read_however_they_are_cut() => IsReadHoweverItIsCut(LineStream, () => new LineFraming(Max));

    [Fact]
    public void Delimited_messages_are_read_however_they_are_cut() =>
        IsReadHoweverItIsCut(DelimitedStream, () => new DelimitedFraming(Max));

    [Fact]
    public void Every_single_cut_of_a_stream_gives_the_same_frames()
    {
        byte[] bytes =
        [
            .. new ClientFrame(ClientFrame.Text, new byte[130]) { IsFinal = false }.ToBytes(),
            .. new ClientFrame(ClientFrame.Ping, "are you there"u8.ToArray()).ToBytes(),
            .. new ClientFrame(ClientFrame.Continuation, new byte[5]).ToBytes(),
            .. new ClientFrame(ClientFrame.Text, "{}"u8.ToArray()) { LengthBytes = 8 }.ToBytes(),
            .. ClientFrame.CloseWith(1000, "done"u8).ToBytes(),
        ];
        SeenFrame[] expected =
        [
            SeenFrame.Ping("are you there"u8), SeenFrame.Message(new byte[135]), SeenFrame.Message("{}"u8), SeenFrame.Close(1000),
        ];
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            using var framing = new WebSocketFraming(WireFormat.Json, Max);
            Assert.Equal(expected, framing.ReadAll(bytes.CutAt([cut])));
        }
    }

    [Fact]
    public void Arbitrary_bytes_never_throw_and_are_judged_alike_however_they_are_cut() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 2], Gen.Double[0, 1].Array[0, 10]).Sample(
            (bytes, kind, cuts) =>
            {
                MessageFraming Create() => kind switch
                {
                    0 => new WebSocketFraming(WireFormat.Json, 50),
                    1 => new LineFraming(50),
                    _ => new DelimitedFraming(50),
                };
                using var whole = Create();
                using var chunked = Create();
                Assert.Equal(whole.ReadAll(bytes), chunked.ReadAll(bytes.CutAt(cuts.Select(c => (int)(c * bytes.Length)))));
            },
            iter: 2000);

    [Fact]
    public void What_is_written_on_a_line_or_with_its_length_is_read_again() =>
        Gen.Select(Line.Array[0, 5], Gen.Bool).Sample(
            (messages, isLine) =>
            {
                using MessageFraming framing = isLine ? new LineFraming(Max) : new DelimitedFraming(Max);
                var output = new ArrayBufferWriter<byte>();
                foreach (var message in messages)
                    framing.Write(output, message);
                Assert.Equal(messages.Sum(m => framing.FrameLength(m.Length)), output.WrittenCount);
                Assert.Equal(messages.Select(m => SeenFrame.Message(m)), framing.ReadAll(output.WrittenSpan.ToArray()));
            },
            iter: 100);
}
