using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Links;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Node;

/// <summary>Opens the ports of a node: HTTP with <c>/ws</c>, and TCP.</summary>
internal sealed class Listeners(IOptions<PresenceOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <inheritdoc/>
    public void Configure(KestrelServerOptions kestrel)
    {
        var presence = options.Value;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = RequestHead.LineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = RequestHead.HeaderBytes;
        kestrel.Limits.MaxRequestBodySize = presence.Limits.RequestBodyBytes;
        kestrel.Limits.RequestHeadersTimeout = presence.Limits.AuthenticateTimeout;

        var isHttpDirect = IsDirect(presence.Http.Certificate);
        kestrel.Listen(EndPoint(presence.Http.Address, presence.Http.Port, isHttpDirect, speaksHttp: true), listen =>
        {
            // WebSockets of HTTP/2 have another handshake, which no client of the protocol speaks.
            listen.Protocols = HttpProtocols.Http1;
            UseCertificate(listen, presence.Http.Certificate);
            // A host of the HTTP API alone has no links.
            if (!isHttpDirect && listen.ApplicationServices.GetService<PipeFront>() is { } front)
                listen.Use(server => connection => front.ServeAsync(connection, server));
        });
        if (presence.Tcp.Port >= 0)
        {
            kestrel.Listen(EndPoint(presence.Tcp.Address, presence.Tcp.Port, IsDirect(presence.Tcp.Certificate), speaksHttp: false), listen =>
            {
                UseCertificate(listen, presence.Tcp.Certificate);
                listen.UseConnectionHandler<TcpEndpoint>();
            });
        }
    }

    /// <summary>Whether the event loops take the links of a port from the sockets. TLS is always Kestrel's.</summary>
    private bool IsDirect(CertificateSettings certificate) =>
        options.Value.Links.Chosen == LinkTransport.Epoll && string.IsNullOrEmpty(certificate.Path);

    private static IPEndPoint EndPoint(string address, int port, bool isDirect, bool speaksHttp) => isDirect
        ? new LinkEndPoint(IPAddress.Parse(address), port, speaksHttp)
        : new IPEndPoint(IPAddress.Parse(address), port);

    private void UseCertificate(ListenOptions listen, CertificateSettings settings)
    {
        if (settings.Load() is not var (certificate, chain))
            return;
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = certificate,
            ServerCertificateChain = chain,
            HandshakeTimeout = options.Value.Limits.AuthenticateTimeout,
        });
    }
}
