using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// The first line of a client on a link without a URL, which says what the URL of a WebSocket says.
/// </summary>
/// <remarks>
/// <para>
/// The hello and its answer are lines of JSON, whatever the format: <c>{"hello":{"token":"…","status":true,"format":"json","ping":true}}</c>
/// is answered by <c>{"hello":{"session_id":"…","user_id":"…","username":"…"}}</c>. Everything behind the line feed of either
/// line is in the chosen format: lines of JSON, or protobuf envelopes that are each preceded by their length as a varint. A
/// client may send on behind its hello without waiting for the answer. A hello that is refused is answered by an error envelope
/// as a line of JSON, and the link is closed.
/// </para>
/// <para>
/// The rules of <see cref="JsonText"/> hold. <c>status</c> and <c>ping</c> are true, false or absent (false), <c>format</c> is
/// <c>json</c>, <c>protobuf</c>, empty or absent (JSON), <c>reply_bytes</c> is a whole number above zero or absent.
/// </para>
/// </remarks>
/// <param name="Token">The session token; not verified, and never empty.</param>
/// <param name="ShowsStatus">Whether the connection starts with an empty, visible status (contract S1).</param>
/// <param name="Format">How everything behind the hello is written.</param>
/// <param name="AnswersPings">Whether the client answers pings, so that it is pinged when it is silent (contract C2).</param>
internal sealed record Hello(string Token, bool ShowsStatus, WireFormat Format, bool AnswersPings = false)
{
    private const int HelloField = 1, TokenField = 2, StatusField = 3, FormatField = 4, PingField = 5, ReplyBytesField = 6;

    private static readonly JsonFields LineFields = new(("hello", HelloField));
    private static readonly JsonFields HelloFields = new(
        ("token", TokenField), ("status", StatusField), ("format", FormatField), ("ping", PingField), ("reply_bytes", ReplyBytesField));

    /// <summary>How long an answer may be at most, as the client asks; null: it does not ask.</summary>
    public int? ReplyBytes { get; private init; }

    /// <summary>Reads the first line of a client, without its end.</summary>
    /// <param name="line">The line.</param>
    /// <param name="hello">What it says.</param>
    /// <param name="fault">What the client is told when the line is no hello.</param>
    public static bool TryRead(
        in ReadOnlySequence<byte> line, [NotNullWhen(true)] out Hello? hello, [NotNullWhen(false)] out ClientRequest.Malformed? fault)
    {
        hello = null;
        fault = null;
        try
        {
            hello = Read(line.IsSingleSegment ? line.FirstSpan : line.ToArray());
            return true;
        }
        catch (JsonException e)
        {
            var why = e.BytePositionInLine is null ? e.Message : "The hello is not valid JSON.";
            fault = new ClientRequest.Malformed(ErrorCode.BadInput, why, CloseReason.Malformed);
            return false;
        }
    }

    /// <summary>Writes the answer, without a line feed behind it.</summary>
    public static void WriteAnswer(ServerMessage.Welcome welcome, IBufferWriter<byte> output)
    {
        using var lease = JsonOutput.To(output);
        var json = lease.Json;
        json.WriteStartObject();
        json.WriteStartObject("hello"u8);
        json.WriteString("session_id"u8, welcome.Session.Value);
        json.WriteString("user_id"u8, welcome.User.Value);
        json.WriteString("username"u8, welcome.Username);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static Hello Read(ReadOnlySpan<byte> line)
    {
        var json = new JsonText(line);
        Hello? hello = null;
        var cursor = LineFields.Start();
        var hasFields = json.Begin();
        while (hasFields && json.Next(ref cursor, out _))
            hello = ReadHello(ref json);
        json.End();
        var fault = json.Fault
            ?? (hello is null ? "The first line is no hello."
            : hello.Token.Length == 0 ? "The hello holds no token."
            : null);
        return fault is null ? hello! : throw new JsonException(fault);
    }

    private static Hello ReadHello(ref JsonText json)
    {
        var hello = new Hello("", false, WireFormat.Json);
        var cursor = HelloFields.Start();
        var hasFields = json.BeginObject();
        while (hasFields && json.Next(ref cursor, out var field))
        {
            hello = field switch
            {
                TokenField => hello with { Token = json.String() ?? "" },
                StatusField => hello with { ShowsStatus = json.Boolean() },
                PingField => hello with { AnswersPings = json.Boolean() },
                ReplyBytesField => hello with { ReplyBytes = json.PositiveNumber() },
                _ => hello with { Format = ReadFormat(ref json) },
            };
        }

        return hello;
    }

    private static WireFormat ReadFormat(ref JsonText json)
    {
        switch (json.String())
        {
            case "protobuf":
                return WireFormat.Protobuf;
            case "" or "json":
                return WireFormat.Json;
            default:
                json.Refuse("The format is neither json nor protobuf.");
                return WireFormat.Json;
        }
    }

    // The token never appears in a log (contract A5).
    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append($"ShowsStatus = {ShowsStatus}, Format = {Format}, AnswersPings = {AnswersPings}");
        return true;
    }
}
