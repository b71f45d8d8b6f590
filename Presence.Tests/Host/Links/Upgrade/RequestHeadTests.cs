using System.Buffers;
using System.Net;
using System.Text;
using Presence.Host.Links.Upgrade;
using Xunit;

namespace Presence.Tests.Host.Links.Upgrade;

[Trait("Clause", "A1")]
[Trait("Clause", "L3")]
public sealed class RequestHeadTests
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    private static readonly string Good = RawClient.UpgradeRequest(
        "/ws?lang=en&status=true&token=a%2eb.c&format=json",
        "Authorization: Bearer x\r\nOrigin: https://here.example\r\nSec-WebSocket-Protocol: bearer, y ,z\r\nCookie: a=1; b=\"2\"\r\nX-Empty:\r\n");

    public static TheoryData<string, string> Unusual => new()
    {
        { "another method", Good.Replace("GET", "POST", StringComparison.Ordinal) },
        { "a method in small letters", Good.Replace("GET", "get", StringComparison.Ordinal) },
        { "TLS", "\u0016\u0003\u0001" },
        { "HTTP/2", "PRI * HTTP/2.0\r\n" },
        { "an empty line first", "\r\n" + Good },
        { "another path", Good.Replace("/ws?", "/wsx?", StringComparison.Ordinal) },
        { "another case", Good.Replace("/ws?", "/WS?", StringComparison.Ordinal) },
        { "a slash at the end", Good.Replace("/ws?", "/ws/?", StringComparison.Ordinal) },
        { "an encoded path", Good.Replace("/ws?", "/%77s?", StringComparison.Ordinal) },
        { "a dot in the path", Good.Replace("/ws?", "/./ws?", StringComparison.Ordinal) },
        { "an absolute target", Good.Replace("/ws?", "http://localhost/ws?", StringComparison.Ordinal) },
        { "two spaces", Good.Replace("GET ", "GET  ", StringComparison.Ordinal) },
        { "a space in the query", Good.Replace("lang=en", "lang= n", StringComparison.Ordinal) },
        { "a tab in the query", Good.Replace("lang=en", "lang=\tn", StringComparison.Ordinal) },
        { "a letter beyond ASCII in the query", Good.Replace("lang=en", "lang=\u00e9n", StringComparison.Ordinal) },
        { "HTTP/1.0", Good.Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal) },
        { "HTTP/2.0", Good.Replace("HTTP/1.1", "HTTP/2.0", StringComparison.Ordinal) },
        { "no version", Good.Replace(" HTTP/1.1", "", StringComparison.Ordinal) },
        { "line feeds alone", Good.Replace("\r\n", "\n", StringComparison.Ordinal) },
        { "a carriage return alone", Good.Replace("X-Empty:\r\n", "X-Empty:\ra\r\n", StringComparison.Ordinal) },
        { "a folded line", Good.Replace("X-Empty:\r\n", "X-Empty:\r\n more\r\n", StringComparison.Ordinal) },
        { "a space before the colon", Good.Replace("X-Empty:", "X-Empty :", StringComparison.Ordinal) },
        { "a header without a name", Good.Replace("X-Empty:", ":", StringComparison.Ordinal) },
        { "a header without a colon", Good.Replace("X-Empty:", "X-Empty", StringComparison.Ordinal) },
        { "a zero byte", Good.Replace("X-Empty:", "X-Empty: \0", StringComparison.Ordinal) },
        { "a letter beyond ASCII", Good.Replace("X-Empty:", "X-Empty: \u00e9", StringComparison.Ordinal) },
        { "no host", Good.Replace("Host: localhost\r\n", "", StringComparison.Ordinal) },
        { "an empty host", Good.Replace("Host: localhost", "Host:", StringComparison.Ordinal) },
        { "two hosts", Good.Replace("X-Empty:", "host: localhost", StringComparison.Ordinal) },
        { "a host that is none", Good.Replace("Host: localhost", "Host: local/host", StringComparison.Ordinal) },
        { "a port that is none", Good.Replace("Host: localhost", "Host: localhost:x", StringComparison.Ordinal) },
        { "an address that is none", Good.Replace("Host: localhost", "Host: [::1", StringComparison.Ordinal) },
        { "a body", Good.Replace("X-Empty:", "content-length: 3", StringComparison.Ordinal) },
        { "an empty body", Good.Replace("X-Empty:", "Content-Length: 0", StringComparison.Ordinal) },
        { "a body in chunks", Good.Replace("X-Empty:", "Transfer-Encoding: chunked", StringComparison.Ordinal) },
        { "an expectation", Good.Replace("X-Empty:", "Expect: 100-continue", StringComparison.Ordinal) },
        { "two tokens of authorization", Good.Replace("X-Empty:", "authorization: Bearer z", StringComparison.Ordinal) },
        { "two keys", Good.Replace("X-Empty:", $"Sec-WebSocket-Key: {Key}", StringComparison.Ordinal) },
        { "two connections", Good.Replace("X-Empty:", "Connection: keep-alive", StringComparison.Ordinal) },
        { "a quoted sub-protocol", Good.Replace("bearer, y", "bearer, \"y\"", StringComparison.Ordinal) },
        { "too long a line", Good.Replace("lang=en", "lang=" + new string('e', RequestHead.LineBytes), StringComparison.Ordinal) },
        { "too long a header", Good.Replace("X-Empty:", "X-Long: " + new string('x', RequestHead.HeaderBytes), StringComparison.Ordinal) },
        { "too many headers", Good.Replace("X-Empty:\r\n", string.Concat(Enumerable.Repeat("X-Empty:\r\n", 100)), StringComparison.Ordinal) },
    };

    public static TheoryData<string> Hosts => new("localhost", "localhost:7350", "presence.example", "127.0.0.1:80", "[::1]", "[::1]:7350");

    [Fact]
    public void A_usual_request_is_ours_with_everything_that_matters()
    {
        var verdict = RequestHead.TryParse(Bytes(Good + "\u0081rest"), IPAddress.Loopback, out var request, out var length);
        Assert.Equal((HeadVerdict.Ours, Good.Length), (verdict, length));
        Assert.Equal(
            new UpgradeRequest
            {
                Format = "json",
                Token = "a.b.c",
                Status = "true",
                Authorization = "Bearer x",
                Protocols = new(["bearer", "y", "z"]),
                Connection = "Upgrade",
                Upgrade = "websocket",
                Version = "13",
                Key = Key,
                Host = "localhost",
                Origin = "https://here.example",
                Address = IPAddress.Loopback,
            },
            request);
    }

    [Fact]
    public void What_is_not_said_is_empty()
    {
        Assert.Equal(HeadVerdict.Ours, RequestHead.TryParse("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n"u8, null, out var request, out _));
        Assert.Equal(new UpgradeRequest { Host = "a" }, request);
        Assert.Equal(HeadVerdict.Ours, RequestHead.TryParse("GET /ws? HTTP/1.1\r\nHost: a\r\nAuthorization: \r\n\r\n"u8, null, out request, out _));
        Assert.Equal(new UpgradeRequest { Host = "a", Authorization = "" }, request);
    }

    [Fact]
    public void Every_beginning_of_a_good_request_is_incomplete()
    {
        var bytes = Bytes(Good);
        for (var cut = 0; cut < bytes.Length; cut++)
            Assert.Equal((cut, HeadVerdict.Incomplete, 0), (cut, RequestHead.TryParse(bytes.AsSpan(0, cut), null, out _, out var length), length));
        for (var cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal(HeadVerdict.Ours, RequestHead.TryParse(Chunked(bytes, cut), null, out _, out _));
    }

    [Theory]
    [MemberData(nameof(Unusual))]
    public void What_is_unusual_is_not_ours_from_the_byte_on_that_makes_it_so(string what, string head)
    {
        var bytes = Bytes(head);
        Assert.Equal((what, HeadVerdict.NotOurs), (what, RequestHead.TryParse(bytes, null, out var request, out _)));
        Assert.Null(request);
        Assert.Equal(HeadVerdict.NotOurs, RequestHead.TryParse(Chunked(bytes, bytes.Length / 2), null, out _, out _));
        // Once it is not ours, nothing that follows makes it ours again.
        var decided = false;
        for (var cut = 0; cut <= bytes.Length; cut += bytes.Length > 4096 ? 97 : 1)
        {
            var verdict = RequestHead.TryParse(bytes.AsSpan(0, cut), null, out _, out _);
            Assert.Equal((what, cut, decided ? HeadVerdict.NotOurs : verdict), (what, cut, verdict));
            Assert.NotEqual(HeadVerdict.Ours, verdict);
            decided = verdict == HeadVerdict.NotOurs;
        }
    }

    [Theory]
    [InlineData("\u0016", 1)]
    [InlineData("POST /ws", 1)]
    [InlineData("GET /health HTTP/1.1\r\n", 6)]
    [InlineData("GET /wsx", 8)]
    [InlineData("GET /ws HTTP/1.0", 16)]
    [InlineData("GET /ws HTTP/1.1\n", 17)]
    public void The_first_byte_that_differs_decides(string head, int decidedAt)
    {
        var bytes = Bytes(head);
        Assert.Equal(HeadVerdict.Incomplete, RequestHead.TryParse(bytes.AsSpan(0, decidedAt - 1), null, out _, out _));
        Assert.Equal(HeadVerdict.NotOurs, RequestHead.TryParse(bytes.AsSpan(0, decidedAt), null, out _, out _));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Usual_hosts_are_taken(string host) =>
        Assert.Equal(HeadVerdict.Ours, RequestHead.TryParse(Bytes($"GET /ws HTTP/1.1\r\nHost: {host}\r\n\r\n"), null, out _, out _));

    [Fact]
    public void A_line_and_headers_of_just_the_greatest_length_are_ours()
    {
        const string start = "GET /ws?token=";
        const string end = " HTTP/1.1\r\n";
        var line = start + new string('t', RequestHead.LineBytes - start.Length - end.Length) + end;
        const string host = "Host: a\r\nX: ";
        var headers = host + new string('x', RequestHead.HeaderBytes - host.Length - 4) + "\r\n\r\n";
        Assert.Equal((RequestHead.LineBytes, RequestHead.HeaderBytes), (line.Length, headers.Length));
        Assert.Equal(HeadVerdict.Ours, RequestHead.TryParse(Bytes(line + headers), null, out _, out _));
        Assert.Equal(HeadVerdict.NotOurs, RequestHead.TryParse(Bytes(line.Replace("?", "?t", StringComparison.Ordinal)), null, out _, out _));
        Assert.Equal(HeadVerdict.NotOurs, RequestHead.TryParse(Bytes(line + "x" + headers), null, out _, out _));
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    private static ReadOnlySequence<byte> Chunked(byte[] bytes, int cut)
    {
        var first = new Piece(bytes.AsMemory(0, cut), null);
        var second = new Piece(bytes.AsMemory(cut), first);
        return new(first, 0, second, bytes.Length - cut);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> bytes, Piece? before)
        {
            Memory = bytes;
            if (before is null)
                return;
            before.Next = this;
            RunningIndex = before.Memory.Length;
        }
    }
}
