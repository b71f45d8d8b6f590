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

        kestrel.Listen(EndPoint(presence.Http.Address, presence.Http.Port, presence.Http.Certificate, speaksHttp: true), listen =>
        {
            // WebSockets of HTTP/2 have another handshake, which no client of the protocol speaks.
            listen.Protocols = HttpProtocols.Http1;
            UseCertificate(listen, presence.Http.Certificate);
            // What comes out of TLS nobody has looked at yet. A host of the HTTP API alone has no links.
            if (HasTls(presence.Http.Certificate) && listen.ApplicationServices.GetService<PipeFront>() is { } front)
                listen.Use(server => connection => front.ServeAsync(connection, server));
        });
        if (presence.Tcp.Port >= 0)
        {
            kestrel.Listen(EndPoint(presence.Tcp.Address, presence.Tcp.Port, presence.Tcp.Certificate, speaksHttp: false), listen =>
            {
                UseCertificate(listen, presence.Tcp.Certificate);
                listen.UseConnectionHandler<TcpEndpoint>();
            });
        }
    }

    /// <summary>A port whose links the loops take from the sockets, unless it has a certificate: TLS is Kestrel's.</summary>
    private static IPEndPoint EndPoint(string address, int port, CertificateSettings certificate, bool speaksHttp) => HasTls(certificate)
        ? new IPEndPoint(IPAddress.Parse(address), port)
        : new LinkEndPoint(IPAddress.Parse(address), port, speaksHttp);

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
