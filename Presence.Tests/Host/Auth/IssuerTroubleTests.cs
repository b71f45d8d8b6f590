using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Presence.Client;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>What clients of a whole server see while the issuer of their tokens is away, on every way in.</summary>
[Trait("Clause", "A2")]
public sealed class IssuerTroubleTests : IAsyncLifetime
{
    private const int Crowd = 60;

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    // Each test has its own: it must not know the keys of the issuer yet.
    private readonly Server _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_silent_issuer_is_a_503_in_time_for_everybody_and_costs_the_others_nothing()
    {
        _server.Issuer.FallSilent();
        using var http = new HttpClient { BaseAddress = _server.Http };
        var watch = Stopwatch.StartNew();
        var webSockets = Enumerable.Range(0, Crowd).Select(_ => UpgradeAsync(_server.Token())).ToList();
        var plain = Enumerable.Range(0, Crowd).Select(_ => HelloAsync(_server.Token())).ToList();
        var api = Enumerable.Range(0, Crowd).Select(_ => AccountAsync(http, _server.Token())).ToList();
        // Meanwhile, a token of the shared secret.
        Assert.StartsWith("HTTP/1.1 101", await UpgradeAsync(Server.SharedToken()), StringComparison.Ordinal);
        Assert.Contains("\"session_id\"", await HelloAsync(Server.SharedToken()), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await AccountAsync(http, Server.SharedToken())).StatusCode);
        Assert.False(webSockets.Exists(each => each.IsCompleted), "somebody was told before the issuer had its time");

        Assert.All(await Task.WhenAll(webSockets), answer =>
        {
            Assert.StartsWith("HTTP/1.1 503", answer, StringComparison.Ordinal);
            Assert.Matches("\r\nRetry-After: [1-9][0-9]?\r\n", answer);
        });
        Assert.All(await Task.WhenAll(plain), line => Assert.Matches(
            """^\{"error":\{"code":3,"message":"The keys of the issuer cannot be read; try again in [0-9]+ s\."\}\}$""", line));
        Assert.All(await Task.WhenAll(api), answer =>
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.NotNull(answer.Headers.RetryAfter?.Delta);
        });
        Assert.True(watch.Elapsed < Bound, $"it took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("ws")]
    [InlineData("tcp")]
    public async Task The_client_library_tries_again_until_the_issuer_is_there(string scheme)
    {
        await _server.Issuer.StopAsync();
        var asked = 0;
        await using var client = PresenceClient.Start(new PresenceClientOptions
        {
            Server = scheme == "ws" ? new Uri($"ws://{_server.Http.Authority}") : new Uri($"tcp://{_server.Tcp}"),
            TokenProvider = (_, _) =>
            {
                Interlocked.Increment(ref asked);
                return ValueTask.FromResult(_server.Token());
            },
        });
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (Volatile.Read(ref asked) < 2)
        {
            Assert.False(client.Completion.IsCompleted, "it has given up");
            await Task.Delay(20, patience.Token);
        }

        await _server.Issuer.StartAgainAsync();
        await client.SetStatusAsync("here", patience.Token);
    }

    private async Task<string> UpgradeAsync(string token)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _server.Http.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /ws?token={token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
        return await ReadUntilAsync(stream, "\r\n\r\n");
    }

    private async Task<string> HelloAsync(string token)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(_server.Tcp);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($$$"""{"hello":{"token":"{{{token}}}"}}""" + "\n"));
        return (await ReadUntilAsync(stream, "\n")).TrimEnd();
    }

    private static async Task<HttpResponseMessage> AccountAsync(HttpClient http, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/account");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await http.SendAsync(request);
    }

    private static async Task<string> ReadUntilAsync(NetworkStream stream, string end)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(buffer);
            if (count == 0)
                break;
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    /// <summary>A server with an issuer that the tests start and stop.</summary>
    private sealed class Server : ServerFixture
    {
        private readonly RSA _key = RSA.Create(2048);

        internal LocalIssuer Issuer { get; private set; } = null!;

        protected override IEnumerable<string> Settings => [$"--Presence:Session:JwksUrl={Issuer.JwksUrl}"];

        public override async Task InitializeAsync()
        {
            Issuer = await LocalIssuer.StartAsync();
            Issuer.Publish(LocalIssuer.Key(_key, "one"));
            await base.InitializeAsync();
        }

        public override async Task DisposeAsync()
        {
            await base.DisposeAsync();
            await Issuer.DisposeAsync();
            _key.Dispose();
        }

        /// <summary>A token of a new user, of the issuer.</summary>
        public string Token() => Jwt.Rsa(Payload(), _key, """{"alg":"RS256","kid":"one"}""");

        /// <summary>A token of a new user, of the shared secret.</summary>
        public static string SharedToken() => Jwt.Hmac(Payload(), Presence.Host.Configuration.WellKnownKeys.Signing);

        private static string Payload()
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            return $$"""{"sub":"{{Guid.NewGuid()}}","name":"alice","exp":{{now + 600}},"iat":{{now}}}""";
        }
    }
}
