using System.Net;
using System.Net.Sockets;
using Presence.Tests.Clusters.Kit;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>Whatever comes to the port between nodes and is no node: one line for an operator, and nothing else happens.</summary>
[Trait("Clause", "A4")]
public sealed class StrayConnectionTests
{
    /// <summary>What a stranger sends, as its name and as hexadecimal or text.</summary>
    private static readonly (string Name, byte[] Sent)[] Strays =
    [
        ("an HTTP request", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray()),
        ("a frame that holds no message", [4, 0, 0, 0, .. "junk"u8]),
        ("a length without end", [255, 255, 255, 127, .. "junk"u8]),
        ("a length below zero", [255, 255, 255, 255, .. "junk"u8]),
    ];

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_one_line_in_the_log(bool isSecure)
    {
        var port = FreePorts.Next();
        var folder = Directory.CreateTempSubdirectory("presence-");
        try
        {
            using var authority = new TestAuthority(folder.FullName, "ours");
            var (certificate, key) = authority.Issue("node");
            string[] tls = [$"Cluster:Certificate:Path={certificate}", $"Cluster:Certificate:KeyPath={key}", $"Cluster:Authorities:0={authority.Path}"];
            await using var node = NodeProcess.Start([$"Cluster:Port={port}", "Links:Rehearsal=0", .. isSecure ? tls : []]);
            await node.Http;
            // The last line of the start.
            await node.SaysAsync("A page to try it", after: 0);

            foreach (var (name, sent) in Strays)
            {
                var before = node.Lines.Count;
                await SendAsync(port, sent);
                await node.SaysAsync("Closed a connection to the port between nodes", after: before);
                // One more comes and goes, and what the first causes has been said by then.
                var other = node.Lines.Count;
                await SendAsync(port, Strays[0].Sent);
                await node.SaysAsync("Closed a connection to the port between nodes", after: other);
                var lines = node.Lines.Skip(before).ToList();
                Assert.True(lines.Count == 2, $"{name}:\n{string.Join('\n', lines)}");
                Assert.All(lines, line => Assert.Contains("which is not a node's", line, StringComparison.Ordinal));
            }

            node.Terminate();
            Assert.Equal(0, (await node.EndAsync()).Code);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Sends something, and waits until the node has closed the connection.</summary>
    private static async Task SendAsync(int port, byte[] bytes)
    {
        using var patience = new CancellationTokenSource(NodeProcess.Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
        await socket.SendAsync(bytes, patience.Token);
        try
        {
            while (await socket.ReceiveAsync(new byte[1024], patience.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // It was reset; closed is closed.
        }
    }
}
