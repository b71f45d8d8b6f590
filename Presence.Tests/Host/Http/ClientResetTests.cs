using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Presence.Host.Http;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>A client may go at any moment; that is no fault of the server's.</summary>
[Trait("Clause", "L3")]
public sealed class ClientResetTests(ClientResetTests.Server server) : IClassFixture<ClientResetTests.Server>
{
    [Fact]
    public async Task A_client_that_resets_its_connection_within_a_body_costs_one_line_at_Debug()
    {
        const string path = "/v2/account/authenticate/custom";
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        // The server may also see the end of the body first, and then it has nothing to log.
        while (!Told.Any())
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, server.Http.Port, patience.Token);
            await socket.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {ApiHost.ServerKey}\r\nContent-Length: 100000\r\n\r\n{{\"id\":"),
                patience.Token);
            await Task.Delay(200, patience.Token);
            socket.Client.LingerState = new LingerOption(true, 0);
        }

        Assert.Equal($"{typeof(ApiErrors)} Debug: The client closed its connection during POST {path}.", Told.First().TrimEnd());
        Assert.DoesNotContain(server.Logs.Entries, entry => entry.Contains(" Error: ", StringComparison.Ordinal) || entry.Contains(" Warning: ", StringComparison.Ordinal));
    }

    private IEnumerable<string> Told => server.Logs.Entries.Where(entry => entry.StartsWith($"{typeof(ApiErrors)} ", StringComparison.Ordinal));

    public sealed class Server : ServerFixture
    {
        internal RecordedLogs Logs { get; } = new();

        protected override IEnumerable<string> Settings => ["--Logging:LogLevel:Presence.Host.Http=Debug"];

        protected override void Adapt(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(Logs);
    }
}
