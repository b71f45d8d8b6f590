using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>
/// A client whose network stops delivering packets ends within the pong wait and five seconds, whatever is sent to it afterwards (contract
/// C2), on short times. The test makes a network namespace. Where that is not allowed, the client falls silent on a network that works,
/// and the links whose client's system alone can tell are left out.
/// </summary>
public abstract class LostNetworkTests(ServerFixture server)
{
    private static readonly TimeSpan PongWait = TimeSpan.FromSeconds(3);

    private static readonly string[] Times =
    [
        "--Presence:Http:Address=0.0.0.0",
        "--Presence:Tcp:Address=0.0.0.0",
        "--Presence:Limits:PingPeriod=00:00:01",
        $"--Presence:Limits:PongWait={PongWait}",
    ];

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            string[] kinds = CutNetwork.IsAllowed ? ["WebSocket", "TCP", "TCP with pings"] : ["WebSocket", "TCP with pings"];
            foreach (var kind in kinds)
            {
                foreach (var traffic in new[] { "nothing", "one event", "an event now and then" })
                    cases.Add(kind, traffic);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("Clause", "C2")]
    public async Task A_client_that_loses_its_network_ends_within_the_pong_wait(string kind, string traffic)
    {
        await using var network = await CutNetwork.TryMakeAsync();
        await using var bob = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "bob");
        await using var busy = await server.ConnectAsync(LinkKind.Memory, Peers.NewUser(), "busy");
        var alice = Peers.IdentityOf(Peers.NewUser(), "alice");
        await bob.FollowAsync(alice.User);
        using var socket = network?.NewSocket() ?? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await using var client = await ConnectAsync(socket, network?.Server ?? IPAddress.Loopback, kind, alice, busy);
        await bob.NextAsync<Told.Event>();
        // The follow is in force when this status has come, in its answer or as an event.
        await busy.SetAsync("before");
        await ReadToAsync(client, "before");

        var watch = Stopwatch.StartNew();
        if (network is not null)
            await network.CutAsync();
        var gone = bob.NextAsync();
        for (var i = 0; !gone.IsCompleted; i++)
        {
            if (traffic == "an event now and then" || (traffic == "one event" && i == 1))
                await busy.SetAsync($"{i}");
            await Task.WhenAny(gone, Task.Delay(300));
        }

        Assert.Equal("", Assert.Single(((Told.Event)await gone).Leaves).Status);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, PongWait + TimeSpan.FromSeconds(5));
    }

    private async Task<Stream> ConnectAsync(Socket socket, IPAddress address, string kind, Presence.Actors.Connections.Identity identity, Peer followed)
    {
        var tls = server as TlsServer;
        var port = kind == "WebSocket" ? (tls?.HttpBehindRelay.Port ?? server.Http.Port) : (tls?.TcpBehindRelay ?? server.Tcp).Port;
        await socket.ConnectAsync(address, port);
        Stream stream = new NetworkStream(socket, ownsSocket: false);
        if (tls is not null)
        {
            var secure = new SslStream(stream, leaveInnerStreamOpen: false);
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
            });
            stream = secure;
        }

        var follow = $$$"""{"status_follow":{"user_ids":["{{{followed.User}}}"]}}""";
        if (kind == "WebSocket")
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(RawClient.UpgradeRequest($"/ws?token={Tokens.Sign(identity)}&status=true")));
            await ReadToAsync(stream, "\r\n\r\n");
            await stream.WriteAsync(new Framing.ClientFrame(Framing.ClientFrame.Text, Encoding.UTF8.GetBytes(follow)).ToBytes());
            return stream;
        }

        var ping = kind == "TCP with pings" ? "true" : "false";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $$$"""{"hello":{"token":"{{{Tokens.Sign(identity)}}}","status":true,"ping":{{{ping}}}}}""" + "\n" + follow + "\n"));
        return stream;
    }

    private static async Task ReadToAsync(Stream stream, string text)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        var read = "";
        var piece = new byte[4096];
        while (!read.Contains(text, StringComparison.Ordinal))
        {
            var count = await stream.ReadAsync(piece, patience.Token);
            read += count > 0 ? Encoding.Latin1.GetString(piece, 0, count) : throw new InvalidOperationException($"The link ended after '{read}'.");
        }
    }

    /// <summary>A server with short times.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => Times;
    }

    /// <summary>The same, with the loops of every system.</summary>
    public sealed class ServerOverPortableLoops : PortableServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. Times];
    }

    /// <summary>The same, with links that Kestrel carries.</summary>
    public sealed class ServerOverTls : TlsServer
    {
        protected override IEnumerable<string> Settings => [.. base.Settings, .. Times];
    }
}
