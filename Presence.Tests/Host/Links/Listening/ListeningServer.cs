using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Presence.Actors.Telemetry;
using Presence.Host.Links;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Tests.Host.Links.Listening;

/// <summary>Kestrel with links before it: a port for HTTP, one without, and one with a certificate.</summary>
internal sealed class ListeningServer : IAsyncDisposable
{
    private readonly LoopSet _loops;
    private readonly WebApplication _server;
    private int _connections;

    private ListeningServer(Func<int, SocketLoop> newLoop, int httpPort, PlaceBounds bounds)
    {
        Places = new SocketPlaces(() => bounds, new Refusals(), TimeProvider.System);
        _loops = new LoopSet(newLoop, count: 2);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton<IConnectionListenerFactory>(new LinkListenerFactory(_loops, Front, Places, NullLoggerFactory.Instance));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestLineSize = RequestHead.LineBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = RequestHead.HeaderBytes;
            kestrel.Limits.KeepAliveTimeout = kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(1);
            kestrel.Listen(new LinkEndPoint(IPAddress.Loopback, httpPort, PortKind.Http), listen => listen.Use(Count));
            kestrel.Listen(new LinkEndPoint(IPAddress.Loopback, 0, PortKind.Plain), listen => listen.Use(Count));
            kestrel.Listen(new LinkEndPoint(IPAddress.Loopback, 0, PortKind.Tls), listen =>
            {
                listen.UseHttps(Certificate);
                listen.Use(server => connection => (OverTls ?? server)(connection));
            });
        });
        _server = builder.Build();
        _server.UseSocketPlaces();
        _server.Run(Answer);
    }

    public X509Certificate2 Certificate { get; } = SelfSigned();

    /// <summary>Serves the connections of the port with the certificate, under the TLS; null: the HTTP server does.</summary>
    public ConnectionDelegate? OverTls { get; set; }

    public FrontDesk Front { get; } = new();

    /// <summary>Counts the sockets of all ports.</summary>
    public SocketPlaces Places { get; }

    public IPEndPoint Http { get; private set; } = null!;

    public IPEndPoint Plain { get; private set; } = null!;

    public IPEndPoint Tls { get; private set; } = null!;

    /// <summary>How many connections of the first two ports have come to Kestrel.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public static async Task<ListeningServer> StartAsync(Func<int, SocketLoop> newLoop, int httpPort = 0, PlaceBounds? bounds = null)
    {
        var server = new ListeningServer(newLoop, httpPort, bounds ?? PlaceBounds.None);
        try
        {
            await server._server.StartAsync();
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        var addresses = server._server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses
            .Select(address => IPEndPoint.Parse(new Uri(address).Authority)).ToArray();
        (server.Http, server.Plain, server.Tls) = (addresses[0], addresses[1], addresses[2]);
        return server;
    }

    public Task StopAsync() => _server.StopAsync();

    /// <summary>How many sockets the loops have, listening ones among them.</summary>
    public async Task<int> SocketsAsync()
    {
        var count = 0;
        foreach (var loop in _loops.All)
            count += await Loops.LoopCalls.OnLoopAsync(loop, () => loop.SocketCount);
        return count;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _loops.Dispose();
        Places.Dispose();
        Certificate.Dispose();
    }

    private static async Task Answer(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync();
        await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {body}");
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private ConnectionDelegate Count(ConnectionDelegate next) => connection =>
    {
        Interlocked.Increment(ref _connections);
        return next(connection);
    };
}
