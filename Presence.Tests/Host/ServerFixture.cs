using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Presence.Host;
using Xunit;

namespace Presence.Tests.Host;

/// <summary>The whole server as a newcomer starts it, in this process, on free ports of the loopback.</summary>
public class ServerFixture : IAsyncLifetime
{
    private WebApplication? _server;

    /// <summary>Where HTTP and <c>/ws</c> are.</summary>
    public Uri Http { get; private protected set; } = null!;

    /// <summary>Where the TCP links are.</summary>
    public IPEndPoint Tcp { get; private protected set; } = null!;

    /// <summary>The services of the server, for what cannot be seen from outside.</summary>
    public IServiceProvider Services => _server!.Services;

    /// <summary>What differs from the settings of Development.</summary>
    protected virtual IEnumerable<string> Settings => [];

    /// <summary>Changes what is not a matter of settings.</summary>
    protected virtual void Adapt(IServiceCollection services)
    {
    }

    public virtual async Task InitializeAsync()
    {
        string[] arguments =
        [
            "--environment=Development",
            "--Presence:Http:Address=127.0.0.1",
            "--Presence:Http:Port=0",
            "--Presence:Tcp:Address=127.0.0.1",
            "--Presence:Tcp:Port=0",
            "--Presence:Links:Rehearsal=0",
            "--Logging:LogLevel:Default=Warning",
            "--Logging:LogLevel:Presence=Warning",
            .. Settings,
        ];
        _server = PresenceServer.Build(arguments, Adapt);
        await _server.StartAsync();
        // In the order in which they were opened.
        var addresses = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a)).ToArray();
        Http = addresses[0];
        Tcp = new IPEndPoint(IPAddress.Loopback, addresses[^1].Port);
    }

    public virtual async Task DisposeAsync()
    {
        await _server!.StopAsync();
        await _server.DisposeAsync();
    }
}
