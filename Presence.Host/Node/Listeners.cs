using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Http;
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
        kestrel.Limits.MaxRequestLineSize = RequestLimits.LineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = RequestHead.HeaderBytes;
        kestrel.Limits.MaxRequestBodySize = presence.Limits.RequestBodyBytes;
        kestrel.Limits.RequestHeadersTimeout = presence.Limits.AuthenticateTimeout;
        kestrel.Limits.KeepAliveTimeout = presence.Limits.IdleHttp;

        kestrel.Listen(EndPoint(presence.Http.Address, presence.Http.Port, presence.Http.Certificate, PortKind.Http), listen =>
        {
            // WebSockets of HTTP/2 have another handshake, which no client of the protocol speaks.
            listen.Protocols = HttpProtocols.Http1;
            UseCertificate(listen, presence.Http.Certificate);
            // What comes out of TLS nobody has looked at yet. A host of the HTTP API alone has no links.
            if (HasTls(presence.Http.Certificate) && listen.ApplicationServices.GetService<PipeFront>() is { } front)
                listen.Use(server => connection => front.ServeAsync(connection, server));
            var rejected = listen.ApplicationServices.GetRequiredService<RejectedRequests>();
            listen.Use(server => connection => rejected.ServeAsync(connection, server));
        });
        if (presence.Tcp.Port >= 0)
        {
            kestrel.Listen(EndPoint(presence.Tcp.Address, presence.Tcp.Port, presence.Tcp.Certificate, PortKind.Plain), listen =>
            {
                UseCertificate(listen, presence.Tcp.Certificate);
                listen.UseConnectionHandler<TcpEndpoint>();
            });
        }
    }

    /// <summary>A port whose connections the loops accept; with a certificate Kestrel gets them all.</summary>
    private static LinkEndPoint EndPoint(string address, int port, CertificateSettings certificate, PortKind kind) =>
        new(IPAddress.Parse(address), port, HasTls(certificate) ? PortKind.Tls : kind);

    private static bool HasTls(CertificateSettings certificate) => !string.IsNullOrEmpty(certificate.Path);

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
