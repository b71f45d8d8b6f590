using System.Buffers;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Framing;

namespace Presence.Host.Links;

/// <summary>How messages look on a link: a codec for what they say, and a framing for where they end.</summary>
internal sealed class LinkFormat
{
    /// <summary>JSON in text frames of a WebSocket.</summary>
    public static readonly LinkFormat WebSocketJson = new(0, JsonCodec.Instance, max => new WebSocketFraming(WireFormat.Json, max));

    /// <summary>Protocol buffers in binary frames of a WebSocket.</summary>
    public static readonly LinkFormat WebSocketProtobuf = new(1, ProtobufCodec.Instance, max => new WebSocketFraming(WireFormat.Protobuf, max));

    /// <summary>A line of JSON per message.</summary>
    public static readonly LinkFormat Lines = new(2, JsonCodec.Instance, max => new LineFraming(max));

    /// <summary>Protocol buffers, each behind its length.</summary>
    public static readonly LinkFormat Delimited = new(3, ProtobufCodec.Instance, max => new DelimitedFraming(max));

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_message;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_frame;

    private readonly int _form;
    private readonly EnvelopeCodec _codec;
    private readonly Func<int, MessageFraming> _framing;

    // Only writes, which touches no state.
    private readonly MessageFraming _writer;
    private readonly Func<ServerMessage.StatusEvent, byte[]> _encode;

    // By their numbers: the same for all links, and never written to.
    private readonly byte[][] _pings;

    private LinkFormat(int form, EnvelopeCodec codec, Func<int, MessageFraming> framing)
    {
        _form = form;
        _codec = codec;
        _framing = framing;
        _writer = framing(1);
        _encode = Encode;
        _pings = _writer.HasControlFrames
            ? [.. Enumerable.Range(0, 256).Select(n => Written(static (framing, output, number) => framing.WritePing(output, [(byte)number]), n))]
            : [Encode(ServerMessage.Ping.Instance)];
    }

    /// <summary>The format of a WebSocket.</summary>
    public static LinkFormat OfWebSocket(WireFormat format) => format == WireFormat.Protobuf ? WebSocketProtobuf : WebSocketJson;

    /// <summary>The format of a plain link.</summary>
    public static LinkFormat OfPlain(WireFormat format) => format == WireFormat.Protobuf ? Delimited : Lines;

    /// <summary>What reads the frames of one link.</summary>
    /// <param name="maxMessageBytes">The longest message that is taken.</param>
    public MessageFraming NewFraming(int maxMessageBytes) => _framing(maxMessageBytes);

    /// <summary>Reads one message of a client; never throws because of the bytes.</summary>
    public ClientRequest Decode(in ReadOnlySequence<byte> message) => _codec.Decode(message);

    /// <summary>
    /// A message as the bytes that go out. Those of an event are made once for all links of this format (contract K5), and shared:
    /// nobody writes to them.
    /// </summary>
    public byte[] Frame(ServerMessage message) =>
        message is ServerMessage.StatusEvent change ? change.Form(_form, _encode) : Encode(message);

    /// <summary>
    /// The answer to a follow as frames, to be sent one right behind the other: more than one if it is longer than a bound. Then each is
    /// made when it is asked for.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="bytes">The bound; 0: none.</param>
    public IEnumerable<byte[]> Frames(ServerMessage.Snapshot answer, int bytes)
    {
        if (bytes == 0 || !ReplySplitter.IsAbove(answer, bytes))
        {
            // Nearly always it is short, and encoded once.
            var frame = Frame(answer);
            if (bytes == 0 || frame.Length <= bytes)
                return [frame];
        }

        return ReplySplitter.Split(answer, bytes, _codec).Select(Frame);
    }

    /// <summary>
    /// A ping. On a WebSocket its payload is its number, which the answer repeats; on a plain link it is the message of that name, the same
    /// bytes each time.
    /// </summary>
    public byte[] Ping(byte number) => _pings[number % _pings.Length];

    /// <summary>The answer to a ping.</summary>
    public byte[] Pong(ReadOnlySequence<byte> payload) => Written(static (framing, output, p) => framing.WritePong(output, p), payload);

    /// <summary>A close frame.</summary>
    public byte[] Close(ushort code, string text) =>
        Written(static (framing, output, close) => framing.WriteClose(output, close.code, close.text), (code, text));

    private byte[] Encode(ServerMessage message)
    {
        var body = t_message ??= new ArrayBufferWriter<byte>(1024);
        body.ResetWrittenCount();
        _codec.Encode(message, body);
        var frame = t_frame ??= new ArrayBufferWriter<byte>(1024);
        frame.ResetWrittenCount();
        _writer.Write(frame, body.WrittenSpan);
        const int kept = 64 * 1024;
        if (frame.Capacity > kept)
            t_message = t_frame = null;
        return frame.WrittenSpan.ToArray();
    }

    private byte[] Written<T>(Action<MessageFraming, IBufferWriter<byte>, T> write, T what)
    {
        var frame = new ArrayBufferWriter<byte>(128);
        write(_writer, frame, what);
        return frame.WrittenSpan.ToArray();
    }
}
