using System.Buffers;
using System.Text;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Tests.Fuzzing.Reference;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>JSON messages of a client: what is taken, and as what, is what a plain reader over <c>JsonDocument</c> says.</summary>
internal sealed class JsonTarget : FuzzTarget
{
    private static readonly string[] Members =
        ["status_update", "status_follow", "status_unfollow", "session_refresh", "ping", "pong", "statusUpdate", "statusFollow", "statusUnfollow", "rpc", "error", "match_data_send", "partyDataSend", "unknown"];

    public override string Name => "json";

    public override bool IsText => true;

    public override byte[][] Words { get; } =
    [
        .. new[]
        {
            "\"cid\":", "\"status_update\":", "\"status_follow\":{\"user_ids\":[", "\"status_unfollow\":", "\"ping\":{}", "\"pong\":{}", "\"userIds\":[", "\"usernames\":[", "\"status\":", "null", "{}", "[]", "\\ud83d",
            "\\u0000", "\\ude00", "{\"a\":", "[", "]", "}", ",", "\"\"", "\"rpc\":{}", "\xef\xbb\xbf", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "1e999", "-",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override string Check(byte[] input)
    {
        var request = Measured(input.Length, () => JsonCodec.Instance.Decode(new ReadOnlySequence<byte>(input)));
        var actual = Describe.Request(request);
        FuzzFailure.UnlessEqual(ReferenceJson.Envelope(input), actual, "the request is not that of a plain reader");
        var random = FuzzRandom.Of(input);
        FuzzFailure.UnlessEqual(actual, Describe.Request(JsonCodec.Instance.Decode(Pieces.Sequence(input, random))), "the request depends on how the bytes are cut");
        Transcoding.Check(request);
        return request is ClientRequest.Malformed malformed ? malformed.Message : actual.Split(' ')[0];
    }

    protected override byte[] Generate(FuzzRandom random) => JsonGrammar.Bytes(random, random.OneIn(30) ? JsonGrammar.Any(random, 4) : JsonGrammar.Object(
        random,
        ("cid", JsonGrammar.String),
        (random.Any(Members), Member),
        (random.OneIn(20) ? random.Any(Members) : "other", Member)));

    private static string Member(FuzzRandom random) => JsonGrammar.Object(
        random,
        (random.OneIn(2) ? "user_ids" : "userIds", JsonGrammar.List),
        ("usernames", JsonGrammar.List),
        ("status", random.OneIn(4) ? (_ => "null") : JsonGrammar.String));
}
