using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Presence.Host.Links.Framing;
using Presence.Host.Links.Upgrade;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Upgrade;

/// <summary>What we take for ours, the HTTP server would have taken, too, and read in the same way.</summary>
public sealed class RequestHeadPropertyTests : IAsyncLifetime
{
    private static readonly Gen<string> Parameter = Any(
        "token=a.b", "Token=%41b", "TOKEN=a+b", "token", "token=", "=token", "token=a=b", "token=%zz", "token=%", "token=%e2%82%ac", "token=%ff", "token=%00",
        "t%6fken=x", "format=json", "format=protobuf", "FORMAT=%6Ason", "status=1", "status=tRuE", "status=%74", "status=+1", "lang=en", "", "a;b", "#token=x", "?", "/", "%26token=x");

    private static readonly Gen<string> Start = Mostly("GET /ws", "GET /wS", "PUT /ws", "GET /ws/", "GET  /ws", "GET http://a/ws", "GET /%77s");

    private static readonly Gen<string> Version = Mostly(" HTTP/1.1\r\n", " HTTP/1.0\r\n", " HTTP/1.1\n");

    private static readonly Gen<string> Header = Any(
        "Connection: Upgrade", "connection: keep-alive, upgrade", "CONNECTION: upgrade,close", "Connection: upgrade ;x", "Connection: ,Upgrade,", "Connection:",
        "Upgrade: websocket", "upgrade:WebSocket", "Upgrade: h2c, websocket", "Upgrade: websocket/13", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-key:  dGhlIHNhbXBsZSBub25jZQ==  ", "Sec-WebSocket-Protocol: bearer, a.b", "sec-websocket-protocol: ,a,, b ,",
        "Sec-WebSocket-Protocol:", "Sec-WebSocket-Protocol: \"a,b\"", "Authorization: Bearer a.b", "Authorization:", "authorization:   Bearer  x ", "Origin: null",
        "Origin: https://a.example", "Content-Length: 0", "Content-Length: 3", "Transfer-Encoding: chunked", "Expect: 100-continue", "Cookie: a=1", "X-Any!#$%&'*+.^_`|~: \" ; ",
        "Host: b", "Keep-Alive: 5", "Accept-Encoding: gzip", "User-Agent: x/1 (y)", "X-Tab: a\tb", "X-High: \u00e9", "X-Space : a", " folded", "TE: trailers", "Proxy-Connection: close");

    private static readonly Gen<string> Upgrade = Any(
        "", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");

    private static readonly Gen<string> Host = Mostly(
        "Host: a", "Host: localhost:80", "host:1.2.3.4", "HOST: [::1]:1", "Host: [::]", "Host: a_b", "Host: a:", "Host: a:99999", "Host: -", "Host: .", "Host: [1.2]", "Host: [::::]", "Host:", "");

    private static readonly Gen<string> Head = Gen.Select(Start, Parameter.Array[0, 6], Version, Host, Gen.Select(Upgrade, Header.Array[0, 5]), Mutation()).Select(
        (start, parameters, version, host, more, mutate) => mutate(
            start + (parameters.Length == 0 ? "" : "?" + string.Join('&', parameters)) + version
            + string.Concat(more.Item2.Prepend(host).Where(h => h.Length > 0).Select(h => h + "\r\n")) + more.Item1 + "\r\n"));

    private readonly Queue<(string? Path, UpgradeRequest Request)> _seen = [];
    private WebApplication _server = null!;
    private IPEndPoint _address = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestLineSize = RequestHead.LineBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = RequestHead.HeaderBytes;
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _server = builder.Build();
        _server.Run(context =>
        {
            lock (_seen)
                _seen.Enqueue((context.Request.Path.Value, UpgradeRequest.Of(context)));
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        await _server.StartAsync();
        _address = IPEndPoint.Parse(new Uri(_server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Authority);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    [Trait("Clause", "A1")]
    public void What_is_ours_is_what_the_http_server_would_have_read()
    {
        var ours = 0;
        var upgrades = 0;
        Head.Sample(
            head =>
            {
                var bytes = Encoding.Latin1.GetBytes(head);
                if (RequestHead.TryParse(bytes, IPAddress.Loopback, out var request, out var length) != HeadVerdict.Ours)
                    return;
                ours++;
                // A line end more, put in at the end, is not of the head.
                Assert.Equal(head.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, length);
                var status = Ask(bytes);
                lock (_seen)
                {
                    Assert.True(_seen.TryDequeue(out var seen), $"The server answers {status} to what we take.");
                    Assert.Equal("/ws", seen.Path);
                    var isUpgrade = IsUpgrade(request!);
                    upgrades += isUpgrade ? 1 : 0;
                    Assert.Equal(seen.Request.IsUpgradable && IsUpgrade(seen.Request), isUpgrade);
                    // Of some connections the server shows only that they are upgrades.
                    Assert.Equal(seen.Request with { IsUpgradable = true, Connection = request!.Connection }, request);
                }
            },
            iter: 5000,
            threads: 1);
        // Random heads are not all nonsense.
        Assert.True(ours > 300 && upgrades > 100, $"{ours} heads were ours, {upgrades} of them upgrades.");
    }

    private static bool IsUpgrade(UpgradeRequest request) =>
        WebSocketHandshake.TryAccept(request.Connection, request.Upgrade, request.Version, request.Key, out _);

    /// <summary>One byte may be changed, left out, or put in somewhere.</summary>
    private static Gen<Func<string, string>> Mutation() => Gen.Select(Gen.Int[0, 11], Gen.Double[0, 1], Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['\0', '\u00ff'])).Select(
        (kind, where, what) => (Func<string, string>)(head =>
        {
            var at = Math.Min((int)(where * head.Length), head.Length - 1);
            return kind switch
            {
                0 => head[..at] + what + head[(at + 1)..],
                1 => head[..at] + head[(at + 1)..],
                2 => head[..at] + what + head[at..],
                _ => head,
            };
        }));

    private static Gen<string> Mostly(params string[] texts) =>
        Gen.Int[-3 * texts.Length, texts.Length - 1].Select(i => texts[Math.Max(i, 0)]);

    private static Gen<string> Any(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private string Ask(byte[] head)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Peer.Patience.TotalMilliseconds };
        socket.Connect(_address);
        socket.Send(head);
        var answer = new byte[4096];
        var length = 0;
        try
        {
            for (int n; (n = socket.Receive(answer.AsSpan(length))) > 0;)
                length += n;
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
        {
            // A refusal of what it has not read to the end.
        }

        return Encoding.Latin1.GetString(answer, 0, length).Split('\r')[0];
    }
}
