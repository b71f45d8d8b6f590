using System.Buffers;
using System.Text;
using Presence.Host.Links.Codecs;
using Presence.Tests.Fuzzing.Reference;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>The first line of a TCP link, beside a plain reader over <c>JsonDocument</c>.</summary>
internal sealed class HelloTarget : FuzzTarget
{
    public override string Name => "hello";

    public override bool IsText => true;

    public override byte[][] Words { get; } =
        [.. new[] { "\"hello\":", "\"token\":", "\"status\":", "\"format\":", "\"ping\":", "\"json\"", "\"protobuf\"", "true", "false", "null", "{", "}", "\\u0068ello", "\\ud800", "\"\"" }.Select(Encoding.Latin1.GetBytes)];

    public override string Check(byte[] input)
    {
        var (taken, hello, fault) = Measured(input.Length, () => (Hello.TryRead(new ReadOnlySequence<byte>(input), out var h, out var f), h, f));
        var actual = hello is null ? null : $"{hello.Token} {hello.ShowsStatus} {hello.Format} {hello.AnswersPings}";
        FuzzFailure.Unless(taken == hello is not null && taken == fault is null, "there is a hello or a fault");
        FuzzFailure.UnlessEqual(ReferenceJson.Hello(input), actual, "the hello is not that of a plain reader");
        Hello.TryRead(Pieces.Sequence(input, FuzzRandom.Of(input)), out var cut, out _);
        FuzzFailure.UnlessEqual(hello, cut, "the hello depends on how the bytes are cut");
        FuzzFailure.Unless(hello is null || hello.Token.Length < 4 || !hello.ToString().Contains(hello.Token, StringComparison.Ordinal) || "ShowsStatus = False, Format = Protobuf, AnswersPings = True Json Hello".Contains(hello.Token, StringComparison.Ordinal), "the token is in the text of a hello");
        return fault?.Message ?? "hello";
    }

    protected override byte[] Generate(FuzzRandom random) => JsonGrammar.Bytes(random, JsonGrammar.Object(random, ("hello", r => JsonGrammar.Object(
        r,
        ("token", JsonGrammar.String),
        ("status", r2 => r2.OneIn(2) ? "true" : "false"),
        ("reply_bytes", r2 => r2.Any(["20000", "0", "-1", "1.5", "1e5", "99999999999"])),
        ("format", r2 => r2.Any(["\"json\"", "\"protobuf\"", "\"\"", "\"xml\""])),
        ("ping", r2 => r2.OneIn(2) ? "true" : "false")))));
}
