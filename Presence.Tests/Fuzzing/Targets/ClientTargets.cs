using System.Text;
using Presence.Client.Links;
using Presence.Client.Wire;
using Presence.Client.Wire.Messages;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>What a server sends, read by the client library: only a <see cref="FormatException"/> may come of it.</summary>
internal abstract class ClientMessageTarget(WireFormat format) : FuzzTarget
{
    public override string Check(byte[] input)
    {
        try
        {
            return Measured(input.Length, () => format.Read(input)).GetType().Name;
        }
        catch (FormatException)
        {
            return "refused";
        }
    }
}

/// <summary>JSON messages of a server.</summary>
internal sealed class ClientJsonTarget() : ClientMessageTarget(JsonFormat.Instance)
{
    public override string Name => "client-json";

    public override bool IsText => true;

    public override byte[][] Words { get; } =
    [
        .. new[] { "\"cid\":", "\"status_presence_event\":", "\"joins\":[", "\"leaves\":[", "\"status\":{\"presences\":[", "\"pong\":{}", "\"error\":{\"code\":", "\"notifications\":", "null", "1.5", "\\ud800", "[", "{" }
            .Select(Encoding.Latin1.GetBytes),
    ];

    protected override byte[] Generate(FuzzRandom random) => JsonGrammar.Bytes(random, JsonGrammar.Object(random, ("cid", JsonGrammar.String), random.Below(5) switch
    {
        0 => ("status_presence_event", r => JsonGrammar.Object(r, ("joins", Presences), ("leaves", Presences))),
        1 => ("status", r => JsonGrammar.Object(r, ("presences", Presences))),
        2 => ("error", r => JsonGrammar.Object(r, ("code", r2 => JsonGrammar.Any(r2, 1)), ("message", JsonGrammar.String))),
        3 => ("notifications", r => JsonGrammar.Object(r, ("notifications", r2 => r2.OneIn(8) ? JsonGrammar.Any(r2, 2) : $"[{Notice(r2)}]"))),
        _ => ("pong", r => JsonGrammar.Any(r, 2)),
    }));

    private static string Notice(FuzzRandom random) => JsonGrammar.Object(random, ("subject", JsonGrammar.String), ("code", r => JsonGrammar.Any(r, 1)));

    private static string Presences(FuzzRandom random) => random.OneIn(12)
        ? JsonGrammar.Any(random, 3)
        : $"[{string.Join(",", Enumerable.Range(0, random.Small(4)).Select(_ => Presence(random)))}]";

    private static string Presence(FuzzRandom random) => JsonGrammar.Object(
        random,
        ("user_id", r => r.OneIn(4) ? JsonGrammar.String(r) : "\"8f96bc43-7008-4d2a-8be1-1e73859b3033\""),
        ("session_id", JsonGrammar.String),
        ("username", JsonGrammar.String),
        ("status", JsonGrammar.String));
}

/// <summary>Protobuf messages of a server.</summary>
internal sealed class ClientProtobufTarget() : ClientMessageTarget(ProtobufFormat.Instance)
{
    public override string Name => "client-protobuf";

    public override byte[][] Words { get; } = [[0xda, 0x01, 0x02, 0x12, 0x00], [0xca, 0x01, 0x02, 0x0a, 0x00], [0xba, 0x01, 0x02, 0x0a, 0x00], [0x5a, 0x00], [0x0b], [0x0c], [0x80, 0x80, 0x80, 0x20]];

    public override int AllocationPerByte => 160;

    protected override byte[] Generate(FuzzRandom random) => ProtobufGrammar.Message(random, Envelope.Descriptor);
}

/// <summary>How the client library tells messages apart on a TCP link.</summary>
internal sealed class ClientFramingTarget : FuzzTarget
{
    public override string Name => "client-framing";

    public override byte[][] Words { get; } = [[(byte)'\n'], [(byte)'\r', (byte)'\n'], [0], [0x80, 0], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0x7f], [0x80, 0x80, 0x80, 0x20]];

    public override string Check(byte[] input)
    {
        var isText = FuzzRandom.Of(input).OneIn(2);
        var whole = Read(new MemoryStream(input), isText);
        var cut = Read(new PiecesStream(Pieces.Of(input, FuzzRandom.Of(input))), isText);
        FuzzFailure.UnlessSame(whole, cut, "the messages depend on how the bytes are cut");
        return $"{(isText ? "lines" : "lengths")} {whole[^1]}";
    }

    private static List<string> Read(Stream stream, bool isText)
    {
        var input = new TcpInput(stream);
        var messages = new List<string>();
        try
        {
            while (input.ReceiveAsync(isText ? Framing.Lines : Framing.Lengths, CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } message)
                messages.Add(Encoding.Latin1.GetString(message.Span));
            messages.Add("end");
        }
        catch (FormatException)
        {
            messages.Add("refused");
        }
        catch (IOException)
        {
            messages.Add("cut short");
        }

        return messages;
    }

    private sealed class PiecesStream(List<byte[]> pieces) : MemoryStream
    {
        private int _next;
        private byte[] _rest = [];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (_rest.Length == 0 && _next < pieces.Count)
                _rest = pieces[_next++];
            var count = Math.Min(_rest.Length, buffer.Length);
            _rest.AsSpan(0, count).CopyTo(buffer.Span);
            _rest = _rest[count..];
            return ValueTask.FromResult(count);
        }
    }
}
