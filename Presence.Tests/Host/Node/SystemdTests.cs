using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>The real process under a supervisor that plays systemd's part of <c>Type=notify</c> (contract C5).</summary>
[Trait("Clause", "C5")]
public sealed class SystemdTests
{
    [SkippableFact]
    public async Task It_says_when_it_serves_and_when_it_stops_and_how_long_that_may_take()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "needs systemd's socket");
        var path = Path.Combine(Path.GetTempPath(), $"presence-{Guid.NewGuid():N}.sock");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            await using var node = NodeProcess.Start([("NOTIFY_SOCKET", path)], "Stop:DrainTime=00:00:01");
            Assert.Equal("READY=1", await NextAsync(socket));
            Assert.Equal("{}", await new HttpClient().GetStringAsync(new Uri(await node.Http, "/healthcheck")));

            node.Terminate();
            var (one, two) = (await NextAsync(socket), await NextAsync(socket));
            Assert.Equal(["EXTEND_TIMEOUT_USEC=21000000", "STOPPING=1"], new[] { one, two }.Order(StringComparer.Ordinal));
            Assert.Equal(0, (await node.EndAsync()).Code);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<string> NextAsync(Socket socket)
    {
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(NodeProcess.Patience);
        var length = await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
        return Encoding.UTF8.GetString(buffer, 0, length).Trim();
    }
}
