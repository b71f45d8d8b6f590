using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Http;

namespace Presence.Host.Node;

/// <summary>Says once, when the server has started, where it is.</summary>
internal sealed partial class StartNotice(
    IServer server, IHostApplicationLifetime lifetime, IOptions<PresenceOptions> options, ILogger<StartNotice> log) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Tell);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Tell()
    {
        // In the order in which they were opened: HTTP, then TCP.
        var addresses = server.Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a)).ToArray();
        var http = Reachable(addresses[0]);
        Serving(http);
        if (options.Value.Tcp.Port >= 0)
        {
            var tcp = Reachable(addresses[^1]).Replace("http", "tcp", StringComparison.Ordinal);
            ServingTcp(tcp);
        }

        if (options.Value.Http.Demo == true)
            Page(http + DemoPage.Path + "/");
    }

    /// <summary>The address of every interface is none that a browser can open.</summary>
    private static string Reachable(Uri address)
    {
        var host = address.Host is "0.0.0.0" or "[::]" ? "localhost" : address.Host;
        return $"{address.Scheme}://{host}:{address.Port}";
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Presence serves SDKs on {Address}")]
    private partial void Serving(string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "Presence serves TCP clients on {Address}")]
    private partial void ServingTcp(string address);

    [LoggerMessage(Level = LogLevel.Information, Message = "A page to try it: {Address}")]
    private partial void Page(string address);
}
