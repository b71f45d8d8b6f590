using System.Net;
using System.Text;
using Presence.Host.Links.Framing;
using Presence.Host.Links.Upgrade;
using Presence.Tests.Fuzzing.Reference;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>The first request of a connection: what is taken for an upgrade, Kestrel takes as well, and reads in the same way.</summary>
internal sealed class UpgradeHeadTarget : FuzzTarget
{
    private static readonly string[] Starts = ["GET /ws", "GET /ws", "GET /ws", "GET /ws", "get /ws", "GET /wS", "POST /ws", "GET /ws/", "GET  /ws", "GET http://a/ws", "GET /%77s"];
    private static readonly string[] Versions = [" HTTP/1.1\r\n", " HTTP/1.1\r\n", " HTTP/1.1\r\n", " HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/1.1\n", " HTTP/2.0\r\n", " http/1.1\r\n"];

    private static readonly string[] Parameters =
    [
        "token=a.b", "Token=%41b", "TOKEN=a+b", "token", "token=", "=token", "token=a=b", "token=%zz", "token=%", "token=%e2%82%ac", "token=%ff", "token=%00", "t%6fken=x", "format=json",
        "format=protobuf", "FORMAT=%6Ason", "status=1", "status=tRuE", "status=%74", "status=+1", "reply_bytes=20000", "REPLY%5fbytes=-1", "lang=en", "", "a;b", "#token=x", "?", "/", "%26token=x", "%c0%af", "%2e%2e/", "token=%u0041",
    ];

    private static readonly string[] Hosts =
    [
        "Host: a", "Host: localhost:80", "host:1.2.3.4", "HOST: [::1]:1", "Host: [::]", "Host: a_b", "Host: a:", "Host: a:99999", "Host: a:0", "Host: a:65536", "Host: -", "Host: .", "Host: [1.2]",
        "Host: [::::]", "Host:", "Host: [::1", "Host: [::1]a", "Host: [fe80::1%25eth0]", "Host: a:1:2", "Host: a b", "Host: a/b", "Host: @a", "Host: a@b", "Host: %41",
    ];

    private static readonly string[] Headers =
    [
        "Connection: Upgrade", "connection: keep-alive, upgrade", "CONNECTION: upgrade,close", "Connection: upgrade ;x", "Connection: ,Upgrade,", "Connection:", "Upgrade: websocket",
        "upgrade:WebSocket", "Upgrade: h2c, websocket", "Upgrade: websocket/13", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-key:  dGhlIHNhbXBsZSBub25jZQ==  ", "Sec-WebSocket-Protocol: bearer, a.b", "sec-websocket-protocol: ,a,, b ,", "Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: \"a,b\"",
        "Authorization: Bearer a.b", "Authorization:", "authorization:   Bearer  x ", "Origin: null", "Origin: https://a.example", "Content-Length: 0", "Content-Length: 3", "Transfer-Encoding: chunked",
        "Expect: 100-continue", "Cookie: a=1", "X-Any!#$%&'*+.^_`|~: \" ; ", "Host: b", "Keep-Alive: 5", "Accept-Encoding: gzip", "User-Agent: x/1 (y)", "X-Tab: a\tb", "X-High: \u00e9", "X-Space : a",
        " folded", "TE: trailers", "Proxy-Connection: close", ":path: /", "Content-Length: +0", "Upgrade-Insecure-Requests: 1", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    ];

    private const string Ours =
        "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    public override string Name => "upgrade";

    public override int MaxInputBytes => 60 * 1024;

    public override bool IsText => true;

    public override byte[][] Words { get; } =
        [.. new[] { "GET /ws", " HTTP/1.1\r\n", "\r\n", "\r\n\r\n", "\n", "\r", ": ", ":", "?", "&", "%", "%0d%0a", "\t", ",", Ours }.Concat(Headers).Concat(Hosts).Concat(Parameters).Select(Encoding.Latin1.GetBytes)];

    public override string Check(byte[] input)
    {
        var (verdict, request, length) = Measured(input.Length, () => Read(input));
        var random = FuzzRandom.Of(input);
        var cut = RequestHead.TryParse(Pieces.Sequence(input, random), IPAddress.Loopback, out var cutRequest, out var cutLength);
        FuzzFailure.UnlessEqual((verdict, length), (cut, cutLength), "the verdict depends on how the bytes are cut");
        FuzzFailure.UnlessEqual(request, cutRequest, "the request depends on how the bytes are cut");
        for (var i = 0; i < 3; i++)
            CheckPrefix(input, random.Below(input.Length + 1), verdict, request, length);
        if (verdict != HeadVerdict.Ours)
            return $"{verdict}";
        var isUpgrade = IsUpgrade(request!);
        var (seen, answer) = ReferenceHttpServer.Instance.Ask(input[..length]);
        FuzzFailure.Unless(seen is not null, $"the head is taken, and Kestrel answers {answer}");
        FuzzFailure.UnlessEqual("/ws", seen!.Value.Path, "the path");
        FuzzFailure.UnlessEqual(seen.Value.Request.IsUpgradable && IsUpgrade(seen.Value.Request), isUpgrade, "whether it is an upgrade");
        // Of some connections Kestrel shows only that they are upgrades.
        FuzzFailure.UnlessEqual(seen.Value.Request with { IsUpgradable = true, Connection = request!.Connection }, request, "the request");
        return isUpgrade ? "upgrade" : "ours, no upgrade";
    }

    protected override byte[] Generate(FuzzRandom random)
    {
        var head = new StringBuilder(random.Any(Starts));
        for (var i = random.Small(5); i > 0; i--)
            head.Append(head.ToString().Contains('?', StringComparison.Ordinal) ? '&' : '?').Append(random.Any(Parameters));
        if (random.OneIn(20))
            head.Append("?a=").Append('x', random.Between(RequestHead.LineBytes - 60, RequestHead.LineBytes + 20));
        head.Append(random.Any(Versions));
        if (random.Below(20) > 0)
            head.Append(random.Any(random.OneIn(2) ? Hosts : Hosts[..5])).Append("\r\n");
        if (random.OneIn(2))
            head.Append(Ours);
        var lines = random.OneIn(20) ? random.Between(50, 70) : random.Small(6);
        for (; lines > 0; lines--)
            head.Append(random.OneIn(3) ? random.Any(Headers) : $"X-{random.Below(1000)}: {random.Below(1000)}").Append("\r\n");
        if (random.OneIn(20))
            head.Append("X-Large: ").Append('x', random.Between(RequestHead.HeaderBytes - 400, RequestHead.HeaderBytes)).Append("\r\n");
        return Encoding.Latin1.GetBytes(head.Append("\r\n").Append('f', random.Small(20)).ToString());
    }

    /// <summary>What is known of a part stays true of the whole, or clients would depend on how the network cuts their bytes.</summary>
    private static void CheckPrefix(byte[] input, int count, HeadVerdict verdict, UpgradeRequest? request, int length)
    {
        var (part, partRequest, partLength) = Read(input.AsSpan(0, count));
        switch (part)
        {
            case HeadVerdict.Ours:
                FuzzFailure.UnlessEqual((verdict, length), (part, partLength), $"the verdict on {count} bytes is not that on all");
                FuzzFailure.UnlessEqual(request, partRequest, $"the request in {count} bytes is not that in all");
                break;
            case HeadVerdict.NotOurs:
                FuzzFailure.UnlessEqual(verdict, part, $"the verdict on {count} bytes is not that on all");
                break;
            default:
                FuzzFailure.Unless(verdict != HeadVerdict.Ours || count < length, $"{count} bytes are incomplete, and {length} are a head");
                break;
        }
    }

    private static (HeadVerdict Verdict, UpgradeRequest? Request, int Length) Read(ReadOnlySpan<byte> bytes)
    {
        var verdict = RequestHead.TryParse(bytes, IPAddress.Loopback, out var request, out var length);
        return (verdict, request, length);
    }

    private static bool IsUpgrade(UpgradeRequest request) =>
        WebSocketHandshake.TryAccept(request.Connection, request.Upgrade, request.Version, request.Key, out _);
}
