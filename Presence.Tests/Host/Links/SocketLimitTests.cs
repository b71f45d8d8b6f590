using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Presence.Host.Links;
using Presence.Host.Links.Admission;
using Presence.Tests.Client.Faults;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>
/// What counts as a socket, on every transport, and what becomes of those beyond the bound (contract L4, L5): a server with room for few.
/// </summary>
public abstract class SocketLimitTests : IAsyncLifetime
{
    private const int Most = 20;

    private readonly List<RawClient> _clients = [];
    private ServerFixture _server = null!;

    /// <summary>The same server by another transport.</summary>
    protected abstract ServerFixture NewServer(params string[] settings);

    /// <summary>Whether the ports speak TLS, which the clients of this test do not.</summary>
    protected virtual bool HasTls => false;

    /// <summary>Where the sockets of the server really are.</summary>
    protected virtual EndPoint Http(ServerFixture server) => new IPEndPoint(IPAddress.Loopback, server.Http.Port);

    protected virtual EndPoint Tcp(ServerFixture server) => server.Tcp;

    [Fact]
    [Trait("Clause", "L4")]
    [Trait("Clause", "L5")]
    public async Task Every_socket_counts_whatever_its_client_does_and_gives_its_place_back()
    {
        await StartAsync("Connections=20", "Handshakes=20", "AuthenticateTimeout=00:05:00");
        var places = Places;
        // Links, over both ports.
        await using (var web = await RawClient.UpgradeAsync(_server.Http, Peers.IdentityOf(Peers.NewUser(), "web")))
        await using (var line = await _server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), "line"))
        {
            // HTTP connections that wait for the next request.
            var kept = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ConnectAsync(_server.Http)));
            foreach (var client in kept)
            {
                await client.SendAsync("GET /healthcheck HTTP/1.1\r\nHost: localhost\r\n\r\n");
                Assert.Equal("{}", (await client.ReadHeadAsync()).Body);
            }

            Assert.Equal(5, places.Count);
            await Until.TrueAsync(() => places.Handshakes == 0, "all are established");
            // Silent ones, and some that have begun.
            for (var i = 0; places.Count < Most; i++)
            {
                var client = await ConnectAsync(i % 2 == 0 ? Http(_server) : Tcp(_server));
                if (i % 4 < 2)
                    await client.SendAsync(HasTls ? "\u0016\u0003" : "{");
                var count = 6 + i;
                await Until.TrueAsync(() => places.Count == count, "it counts");
            }

            Assert.Equal(Most - 5, places.Handshakes);

            await ExpectRefusalAsync();
            await web.SendTextAsync("""{"cid":"1","ping":{}}""");
            Assert.NotNull(await web.ReadFrameAsync());
            Assert.Equal(Most, places.Count);
        }

        foreach (var client in _clients)
            await client.DisposeAsync();
        await Until.TrueAsync(() => (places.Count, places.Handshakes) == (0, 0), "all places were given back");
        await using var next = await RawClient.UpgradeAsync(_server.Http, Peers.IdentityOf(Peers.NewUser(), "next"));
    }

    [Fact]
    [Trait("Clause", "L5")]
    public async Task Silent_sockets_keep_nobody_out()
    {
        await StartAsync("Connections=20", "AuthenticateTimeout=00:02:00");
        for (var i = 0; i < 40; i++)
            await ConnectAsync(i % 2 == 0 ? Http(_server) : Tcp(_server));
        await using var links = new Links();
        // More than there are places beside the silent ones, which have to be silent for a second.
        for (var i = 0; i < 15; i++)
            links.Add(await AdmittedAsync());
        Assert.InRange(Places.Count, 15, Most + 2);
    }

    [Fact]
    [Trait("Clause", "L5")]
    public async Task Connections_between_requests_keep_nobody_out()
    {
        await StartAsync("Connections=8");
        for (var i = 0; i < 8; i++)
        {
            var client = await ConnectAsync(_server.Http);
            await client.SendAsync("GET /healthcheck HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
        }

        await using var links = new Links();
        for (var i = 0; i < 6; i++)
            links.Add(await AdmittedAsync());
    }

    [Fact]
    [Trait("Clause", "L3")]
    [Trait("Clause", "L4")]
    public async Task Whatever_is_silent_is_gone_after_the_time_to_authenticate()
    {
        await StartAsync("AuthenticateTimeout=00:00:02");
        var silent = new List<RawClient>();
        foreach (var port in new[] { Http(_server), Tcp(_server) })
        {
            silent.Add(await ConnectAsync(port));
            var begun = await ConnectAsync(port);
            await begun.SendAsync(HasTls ? "\u0016\u0003\u0001\u0001\u0000\u0001" : "GET");
            silent.Add(begun);
        }

        // Behind TLS, nothing or a part of a request.
        silent.Add(await ConnectAsync(_server.Http));
        silent.Add(await ConnectAsync(_server.Tcp));
        var half = await ConnectAsync(_server.Http);
        await half.SendAsync("POST /v2/account/authenticate/device HTTP/1.1\r\nHost: a\r\n");
        silent.Add(half);

        foreach (var client in silent)
        {
            // It may be told why.
            await client.ReadToEndAsync();
        }

        foreach (var client in silent)
            await client.DisposeAsync();
        await Until.TrueAsync(() => (Places.Count, Places.Handshakes) == (0, 0), "all places were given back");
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task Slow_senders_are_gone_after_the_time_to_authenticate()
    {
        await StartAsync("AuthenticateTimeout=00:00:02");
        var clients = new[] { await ConnectAsync(_server.Http), await ConnectAsync(_server.Tcp) };
        var ends = clients.Select(client => client.ReadToEndAsync()).ToArray();
        var sent = 0;
        while (!Task.WhenAll(ends).IsCompleted)
        {
            foreach (var client in clients)
            {
                try
                {
                    await client.SendAsync(sent < 4 ? "GET "[sent..(sent + 1)] : "/");
                }
                catch (SocketException)
                {
                    // It has ended.
                }
            }

            sent++;
            await Task.Delay(50);
        }

        await Task.WhenAll(ends);
    }

    [SkippableFact]
    [Trait("Clause", "L4")]
    public async Task The_sockets_of_an_address_count_from_their_accept_on()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs a second address of the loopback");
        await StartAsync("ConnectionsPerAddress=3", "AuthenticateTimeout=00:05:00");
        var elsewhere = IPAddress.Parse("127.0.0.2");
        for (var i = 0; i < 3; i++)
            _clients.Add(await RawClient.ConnectAsync(i % 2 == 0 ? Http(_server) : Tcp(_server), elsewhere));
        await Until.TrueAsync(() => Places.Count == 3, "they count");
        await using var fourth = await RawClient.ConnectAsync(Http(_server), elsewhere);
        await fourth.ReadToEndAsync();
        await using var here = await RawClient.UpgradeAsync(_server.Http, Peers.IdentityOf(Peers.NewUser(), "here"));
        Assert.Equal(4, Places.Count);
        await _clients[0].DisposeAsync();
        await Until.TrueAsync(() => Places.Count == 3, "the place was given back");
        _clients.Add(await RawClient.ConnectAsync(Http(_server), elsewhere));
        await Until.TrueAsync(() => Places.Count == 4, "it counts");
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var client in _clients)
            await client.DisposeAsync();
        await _server.DisposeAsync();
    }

    private SocketPlaces Places => _server.Services.GetRequiredService<SocketPlaces>();

    private async Task StartAsync(params string[] limits)
    {
        _server = NewServer([.. limits.Select(limit => $"--Presence:Limits:{limit}")]);
        await _server.InitializeAsync();
    }

    private async Task<RawClient> ConnectAsync(EndPoint port)
    {
        var client = await RawClient.ConnectAsync(port);
        _clients.Add(client);
        return client;
    }

    private Task<RawClient> ConnectAsync(Uri http) => ConnectAsync(new IPEndPoint(IPAddress.Loopback, http.Port));

    private async Task ExpectRefusalAsync()
    {
        await using var web = await RawClient.ConnectAsync(Http(_server));
        await using var line = await RawClient.ConnectAsync(Tcp(_server));
        if (HasTls)
        {
            await web.ExpectEndAsync();
            await line.ExpectEndAsync();
            return;
        }

        var answer = await web.ReadHeadAsync();
        Assert.Equal((503, """{"code":14,"message":"Too many connections; try again later."}""", "close"), (answer.Status, answer.Body, answer.Headers["Connection"]));
        Assert.InRange(int.Parse(answer.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 5, 15);
        Assert.Equal(PlainLinks.Full, (await line.ReadJsonLineAsync())!.Value.GetProperty("error").GetProperty("message").GetString());
        web.HalfClose();
        line.HalfClose();
        await web.ExpectEndAsync();
        await line.ExpectEndAsync();
    }

    /// <summary>A link, after as many tries as it takes.</summary>
    private async Task<RawClient> AdmittedAsync()
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (true)
        {
            RawClient? client = null;
            try
            {
                client = await RawClient.ConnectAsync(_server.Http);
                await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(Peers.IdentityOf(Peers.NewUser(), "next"))}"));
                if ((await client.ReadHeadAsync()).Status == 101)
                    return client;
            }
            catch (Exception e) when (e is SocketException or InvalidOperationException or NullReferenceException)
            {
                // There was no room: a server with TLS closes the socket without an answer.
            }

            if (client is not null)
                await client.DisposeAsync();
            await Task.Delay(50, patience.Token);
        }
    }

    private sealed class Links : IAsyncDisposable
    {
        private readonly List<RawClient> _all = [];

        public void Add(RawClient link) => _all.Add(link);

        public async ValueTask DisposeAsync()
        {
            foreach (var link in _all)
                await link.DisposeAsync();
        }
    }
}

public sealed class SocketLimitTestsByDefault : SocketLimitTests
{
    protected override ServerFixture NewServer(params string[] settings) => new Server(settings);

    private sealed class Server(string[] settings) : ServerFixture
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. settings];
    }
}

public sealed class SocketLimitTestsOverPortableLoops : SocketLimitTests
{
    protected override ServerFixture NewServer(params string[] settings) => new Server(settings);

    private sealed class Server(string[] settings) : PortableServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. settings];
    }
}

public sealed class SocketLimitTestsOverTls : SocketLimitTests
{
    protected override bool HasTls => true;

    protected override ServerFixture NewServer(params string[] settings) => new Server(settings);

    protected override EndPoint Http(ServerFixture server) => ((Server)server).HttpBehindRelay;

    protected override EndPoint Tcp(ServerFixture server) => ((Server)server).TcpBehindRelay;

    private sealed class Server(string[] settings) : TlsServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. settings];
    }
}
