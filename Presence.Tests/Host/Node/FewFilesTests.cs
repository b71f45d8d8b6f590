using System.Net;
using System.Net.Sockets;
using Presence.Tests.Host.Links;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>A process that may have few files open: it says so, or serves, and clients never end it.</summary>
[Collection(AloneCollection.Name)]
public sealed class FewFilesTests
{
    [SkippableFact]
    [Trait("Clause", "L4")]
    public async Task With_too_few_it_does_not_start_and_says_why_in_one_line()
    {
        await using var node = NodeProcess.StartWithFiles(300);
        var (code, error) = await node.EndAsync();
        Assert.Equal(78, code);
        Assert.Contains("the limit of open files is 300", Assert.Single(error), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData(450, 500)]
    [InlineData(1100, 1200)]
    [Trait("Clause", "L4")]
    [Trait("Clause", "L5")]
    public async Task More_silent_clients_than_files_keep_nobody_out_and_do_not_end_it(int files, int clients)
    {
        await using var node = NodeProcess.StartWithFiles(files);
        var (http, tcp) = (await node.Http, await node.Tcp);
        await using var before = await RawClient.UpgradeAsync(http, Peers.IdentityOf(Peers.NewUser(), "before"));
        var silent = new List<Socket>();
        try
        {
            for (var i = 0; i < clients; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                silent.Add(socket);
                await socket.ConnectAsync(i % 2 == 0 ? new IPEndPoint(IPAddress.Loopback, http.Port) : tcp);
            }

            await using var next = await AdmittedAsync(http);
            foreach (var link in new[] { before, next })
            {
                await link.SendTextAsync("""{"cid":"1","ping":{}}""");
                Assert.Equal("""{"cid":"1","pong":{}}""", (await link.ReadFrameBesidePingsAsync())!.Text);
            }
        }
        finally
        {
            foreach (var socket in silent)
                socket.Dispose();
        }

        node.Terminate();
        var (code, error) = await node.EndAsync();
        Assert.Equal(0, code);
        Assert.Empty(error);
    }

    /// <summary>A link, after as many tries as it takes: sockets are silent for a second before they make room.</summary>
    private static async Task<RawClient> AdmittedAsync(Uri http)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (true)
        {
            try
            {
                return await RawClient.UpgradeAsync(http, Peers.IdentityOf(Peers.NewUser(), "next"));
            }
            catch (Exception e) when (e is InvalidOperationException or SocketException or NullReferenceException)
            {
                await Task.Delay(50, patience.Token);
            }
        }
    }
}
