using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Loops;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Host.Links.Loops;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Listening;

/// <summary>What the listener finds to be a link, and what it leaves to Kestrel as if it had never looked.</summary>
public abstract class LinkListenerSuite
{
    private const string Get = "GET /one?a=b HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    private const string Chunks = "POST /three HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nchu\r\n4\r\nnked\r\n0\r\n\r\n";

    private protected abstract SocketLoop NewLoop(int number);

    private Task<ListeningServer> StartAsync(int httpPort = 0, PlaceBounds? bounds = null) => ListeningServer.StartAsync(NewLoop, httpPort, bounds);

    private static string Yes => RawClient.UpgradeRequest("/ws?token=yes");

    [LoopFact]
    public async Task Http_reaches_the_server_untouched()
    {
        await using var server = await StartAsync();
        await using var client = await RawClient.ConnectAsync(server.Http);
        // One after the other on one connection, and then all at once.
        foreach (var (request, answer) in new[] { (Get, "GET /one?a=b "), (Post, "POST /two body"), (Chunks, "POST /three chunked") })
        {
            await client.SendAsync(request);
            Assert.Equal(answer, (await client.ReadHeadAsync()).Body);
        }

        await using var hasty = await RawClient.ConnectAsync(server.Http);
        await hasty.SendAsync(Get + Post + Chunks + Get);
        foreach (var answer in new[] { "GET /one?a=b ", "POST /two body", "POST /three chunked", "GET /one?a=b " })
            Assert.Equal(answer, (await hasty.ReadHeadAsync()).Body);
        Assert.Equal(2, server.Connections);
    }

    [LoopFact]
    public async Task Http_may_be_cut_anywhere()
    {
        await using var server = await StartAsync();
        // It begins like a request for a link, for as long as possible.
        var request = "GET /ws?token=a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" + Chunks;
        var cuts = Enumerable.Range(1, request.Length - 1).ToArray();
        await Parallel.ForEachAsync(cuts, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cut, _) =>
        {
            await using var client = await RawClient.ConnectAsync(server.Http);
            await client.SendAsync(request[..cut]);
            await Task.Yield();
            await client.SendAsync(request[cut..]);
            Assert.Equal("GET /ws?token=a body", (await client.ReadHeadAsync()).Body);
            Assert.Equal("POST /three chunked", (await client.ReadHeadAsync()).Body);
        });

        await using var slow = await RawClient.ConnectAsync(server.Http);
        foreach (var letter in Chunks)
            await slow.SendAsync(letter.ToString());
        Assert.Equal("POST /three chunked", (await slow.ReadHeadAsync()).Body);
    }

    [LoopFact]
    public async Task A_request_for_a_link_reaches_the_front_and_what_follows_is_the_links()
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 4; round++)
        {
            await using var client = await RawClient.ConnectAsync(server.Http);
            await client.SendAsync(Yes + "early\n");
            var request = await server.Front.AskedAsync();
            Assert.Equal(("yes", "13", IPAddress.Loopback), ((string?)request.Token, (string?)request.Version, request.Address));
            Assert.Equal("taken", await client.ReadLineAsync());
            Assert.Equal("early", await client.ReadLineAsync());
            await client.SendAsync("late\n");
            Assert.Equal("late", await client.ReadLineAsync());
        }

        Assert.Equal(0, server.Connections);
        Assert.Empty(server.Front.Faults);
    }

    [LoopFact]
    public async Task A_request_for_a_link_may_be_cut_anywhere()
    {
        await using var server = await StartAsync();
        var request = Yes + "early\n";
        await Parallel.ForEachAsync(Enumerable.Range(1, request.Length - 1), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (cut, _) =>
        {
            await using var client = await RawClient.ConnectAsync(server.Http);
            await client.SendAsync(request[..cut]);
            await Task.Yield();
            await client.SendAsync(request[cut..]);
            Assert.Equal("taken", await client.ReadLineAsync());
            Assert.Equal("early", await client.ReadLineAsync());
        });
        Assert.Equal(0, server.Connections);
        await UntilAsync(() => Task.FromResult(server.Places.Count == 0), "all places were given back");
    }

    [LoopFact]
    public async Task A_request_that_comes_byte_by_byte_reaches_the_server()
    {
        await using var server = await StartAsync();
        await using var client = await RawClient.ConnectAsync(server.Http);
        foreach (var letter in "GET /ws?tok")
            await client.SendAsync(letter.ToString());
        await client.SendAsync("en=no HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("GET /ws?token=no ", (await client.ReadHeadAsync()).Body);
        Assert.Equal(1, server.Connections);
    }

    [LoopFact]
    public async Task What_is_refused_is_the_servers_with_all_its_bytes()
    {
        await using var server = await StartAsync();
        foreach (var token in new[] { "no", "fail", "later" })
        {
            await using var client = await RawClient.ConnectAsync(server.Http);
            await client.SendAsync($"GET /ws?token={token} HTTP/1.1\r\nHost: a\r\n\r\n" + Post);
            Assert.Equal(token, (string?)(await server.Front.AskedAsync()).Token);
            if (server.Front.Later.TryDequeue(out var decision))
                decision.SetResult(false);
            Assert.Equal($"GET /ws?token={token} ", (await client.ReadHeadAsync()).Body);
            Assert.Equal("POST /two body", (await client.ReadHeadAsync()).Body);
        }

        Assert.Equal(3, server.Connections);
        await UntilAsync(() => Task.FromResult(server.Places.Count == 0), "all places were given back");
    }

    [LoopFact]
    public async Task A_decision_may_take_its_time()
    {
        await using var server = await StartAsync();
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest("/ws?token=later"));
        await server.Front.AskedAsync();
        // What comes meanwhile is not asked about once more.
        await client.SendAsync("early\n");
        Assert.True(server.Front.Later.TryDequeue(out var decision));
        decision.SetResult(true);
        Assert.Equal("taken", await client.ReadLineAsync());
        Assert.Equal("early", await client.ReadLineAsync());
        Assert.Empty(server.Front.Later);
        Assert.Empty(server.Front.Faults);
    }

    [LoopFact]
    public async Task Whoever_goes_while_it_is_decided_leaves_no_place_behind()
    {
        await using var server = await StartAsync();
        var sockets = await server.SocketsAsync();
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(RawClient.UpgradeRequest("/ws?token=later"));
        await server.Front.AskedAsync();
        client.Reset();
        Assert.True(server.Front.Later.TryDequeue(out var decision));
        decision.SetResult(true);
        await UntilAsync(async () => server.Places.Count == 0 && await server.SocketsAsync() == sockets, "the place and the socket were given back");
    }

    [LoopFact]
    public async Task A_front_that_fails_costs_one_connection_and_no_place()
    {
        await using var server = await StartAsync();
        server.Front.IsBroken = true;
        await using var client = await RawClient.ConnectAsync(server.Http);
        await client.SendAsync(Yes);
        await client.ExpectEndAsync();
        try
        {
            await using var unlucky = await RawClient.ConnectAsync(server.Plain);
            await unlucky.ExpectEndAsync();
        }
        catch (SocketException)
        {
            // The end may come before the client has noticed the beginning.
        }

        // The client may see its end before the place has been given back.
        await UntilAsync(() => Task.FromResult(server.Places.Count == 0), "the place was given back");
        server.Front.IsBroken = false;
        await using var next = await RawClient.ConnectAsync(server.Http);
        await next.SendAsync(Yes);
        Assert.Equal("taken", await next.ReadLineAsync());
        await using var plain = await RawClient.ConnectAsync(server.Plain);
        Assert.Equal("plain", await plain.ReadLineAsync());
    }

    [LoopFact]
    [Trait("Clause", "L3")]
    [Trait("Clause", "L4")]
    public async Task A_client_that_does_not_send_a_whole_request_in_time_never_reaches_the_server()
    {
        await using var server = await StartAsync(bounds: PlaceBounds.None with { Time = TimeSpan.FromSeconds(1) });
        var sockets = await server.SocketsAsync();
        await using var silent = await RawClient.ConnectAsync(server.Http);
        await using var half = await RawClient.ConnectAsync(server.Http);
        await half.SendAsync(Yes[..30]);
        await using var other = await RawClient.ConnectAsync(server.Http);
        await other.SendAsync(Get[..^2]);
        await using var tls = await RawClient.ConnectAsync(server.Tls);
        await using var halfTls = await RawClient.ConnectAsync(server.Tls);
        await halfTls.SendAsync("\u0016\u0003\u0001");

        await silent.ExpectEndAsync();
        Assert.Equal(408, (await half.ReadHeadAsync()).Status);
        Assert.Equal(408, (await other.ReadHeadAsync()).Status);
        await tls.ExpectEndAsync();
        await halfTls.ExpectEndAsync();
        await UntilAsync(async () => server.Places.Count == 0 && await server.SocketsAsync() == sockets, "all sockets were given back");
        Assert.Equal(0, server.Connections);
    }

    [LoopFact]
    public async Task Clients_that_come_and_go_leave_nothing_behind()
    {
        // The end of a client that has sent a part of its request is behind that part; not every system tells of it before its time is over.
        await using var server = await StartAsync(bounds: PlaceBounds.None with { Time = TimeSpan.FromSeconds(1) });
        var sockets = await server.SocketsAsync();
        for (var i = 0; i < 100; i++)
        {
            var client = await RawClient.ConnectAsync(i % 3 == 2 ? server.Plain : server.Http);
            if (i % 2 == 0)
                await client.SendAsync(Yes[..(i % Yes.Length)]);
            if (i % 5 == 0)
                client.Reset();
            else
                await client.DisposeAsync();
        }

        await UntilAsync(async () => await server.SocketsAsync() == sockets && server.Places.Count == 0, "all sockets were given back");
        await using var last = await RawClient.ConnectAsync(server.Http);
        await last.SendAsync(Get);
        Assert.Equal(200, (await last.ReadHeadAsync()).Status);
    }

    [LoopFact]
    public async Task A_port_without_http_waits_for_nothing()
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 4; round++)
        {
            await using var client = await RawClient.ConnectAsync(server.Plain);
            Assert.Equal("plain", await client.ReadLineAsync());
            await client.SendAsync(Get);
            Assert.Equal("GET /one?a=b HTTP/1.1", await client.ReadLineAsync());
        }

        Assert.Equal(0, server.Connections);
        Assert.Empty(server.Front.Faults);
    }

    [LoopFact]
    public async Task Tls_is_the_servers()
    {
        await using var server = await StartAsync();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Tls);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            RemoteCertificateValidationCallback = (_, certificate, _, _) => server.Certificate.Equals(certificate),
        });
        await tls.WriteAsync(Encoding.ASCII.GetBytes(RawClient.UpgradeRequest("/ws?token=yes", "X: y\r\n").Replace("Upgrade", "X", StringComparison.Ordinal)));
        var answer = new byte[4096];
        var length = await tls.ReadAsync(answer);
        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);

        // Without TLS a link is not to be had there.
        await using var bare = await RawClient.ConnectAsync(server.Tls);
        await bare.SendAsync(Yes);
        await bare.ReadToEndAsync();
        Assert.Equal(0, server.Front.Begun);

        // And who speaks TLS where there is none gets the server's answer.
        await using var lost = await RawClient.ConnectAsync(server.Http);
        await lost.SendAsync("\u0016\u0003\u0001\r\n\r\n");
        Assert.Equal(400, (await lost.ReadHeadAsync()).Status);
    }

    [LoopFact]
    [Trait("Clause", "L2")]
    [Trait("Clause", "C2")]
    public async Task Tls_connections_that_are_cut_at_once_end_one_after_another()
    {
        const int count = 40;
        await using var server = await StartAsync();
        var (open, ending, most) = (0, 0, 0);
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        server.OverTls = async connection =>
        {
            Interlocked.Increment(ref open);
            try
            {
                while (await connection.Transport.Input.ReadAsync().ConfigureAwait(false) is { IsCompleted: false } read)
                    connection.Transport.Input.AdvanceTo(read.Buffer.End);
            }
            catch (IOException)
            {
                // The reset.
            }

            most = Math.Max(most, Interlocked.Increment(ref ending));
            Thread.Sleep(2);
            Interlocked.Decrement(ref ending);
            if (Interlocked.Decrement(ref open) == 0)
                isOver.SetResult();
        };
        var sockets = new List<Socket>();
        for (var i = 0; i < count; i++)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            await socket.ConnectAsync(server.Tls);
            var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => server.Certificate.Equals(certificate) });
            await tls.WriteAsync(new byte[1]);
        }

        await UntilAsync(() => Task.FromResult(Volatile.Read(ref open) == count), "all connections are open");
        Assert.Equal(count, server.Places.Count);
        foreach (var socket in sockets)
        {
            socket.ResetAtEnd();
            socket.Dispose();
        }

        await isOver.Task.WaitAsync(Peer.Patience);
        Assert.Equal(1, most);
        await UntilAsync(() => Task.FromResult(server.Places.Count == 0), "all places were given back");
    }

    [LoopFact]
    public async Task A_stop_closes_the_port_and_who_has_not_said_what_it_wants()
    {
        await using var server = await StartAsync();
        await using var link = await RawClient.ConnectAsync(server.Http);
        await link.SendAsync(Yes);
        Assert.Equal("taken", await link.ReadLineAsync());
        await using var deciding = await RawClient.ConnectAsync(server.Http);
        await deciding.SendAsync(RawClient.UpgradeRequest("/ws?token=later"));
        await server.Front.AskedAsync();
        await server.Front.AskedAsync();
        await using var silent = await RawClient.ConnectAsync(server.Http);
        await server.StopAsync();
        await silent.ExpectEndAsync();
        await deciding.ExpectEndAsync();
        Assert.True(server.Front.Later.TryDequeue(out var decision));
        decision.SetResult(true);
        await Assert.ThrowsAsync<SocketException>(() => RawClient.ConnectAsync(server.Http));
        // A link is not the listener's any more.
        await link.SendAsync("still\n");
        Assert.Equal("still", await link.ReadLineAsync());
        await UntilAsync(() => Task.FromResult(server.Places.Count == 1), "nobody but the link has a place");
    }

    [LoopFact]
    public async Task A_stop_closes_who_is_decided_about_however_long_that_takes()
    {
        await using var server = await StartAsync();
        await using var deciding = await RawClient.ConnectAsync(server.Http);
        await deciding.SendAsync(RawClient.UpgradeRequest("/ws?token=later"));
        await server.Front.AskedAsync();
        await server.StopAsync();
        await deciding.ExpectEndAsync();
        Assert.True(server.Front.Later.TryDequeue(out var decision));
        decision.SetResult(true);
        await UntilAsync(() => Task.FromResult(server.Places.Count == 0), "the place was given back");
    }

    [LoopFact]
    public async Task A_port_that_is_taken_is_told_of_as_kestrel_does_and_can_be_opened_again_after_a_stop()
    {
        // Not one of those that anybody is given who asks for any.
        var port = FreePorts.Next();
        await using (var server = await StartAsync(port))
        {
            var fault = await Assert.ThrowsAsync<IOException>(() => StartAsync(port));
            Assert.Contains("address already in use", fault.Message, StringComparison.Ordinal);
            await using var client = await RawClient.ConnectAsync(server.Http);
            await client.SendAsync(Yes);
            Assert.Equal("taken", await client.ReadLineAsync());
        }

        // Its connections still linger in the network.
        await using var again = await StartAsync(port);
        Assert.Equal(port, again.Http.Port);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (!await condition())
        {
            if (patience.IsCancellationRequested)
                Assert.Fail($"Never came about: {what}.");
            await Task.Delay(10);
        }
    }
}

public sealed class PortableLinkListenerTests : LinkListenerSuite
{
    private protected override SocketLoop NewLoop(int number) => new PortableLoop(number, NullLogger<WorkLoop>.Instance);
}

/// <summary>The same for Linux's own.</summary>
[LinuxOnly]
public sealed class EpollLinkListenerTests : LinkListenerSuite
{
    private protected override SocketLoop NewLoop(int number) => new EpollLoop(number, NullLogger<WorkLoop>.Instance);
}
