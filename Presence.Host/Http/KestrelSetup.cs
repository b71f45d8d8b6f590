using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;

namespace Presence.Host.Http;

/// <summary>Has Kestrel listen where the options say, within their limits.</summary>
internal sealed class KestrelSetup(IOptions<PresenceOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>A token with many vars in the query of <c>/ws</c> is longer than Kestrel's 8 KiB (protocol section A2).</summary>
    private const int RequestLineBytes = 16 * 1024;

    private const int HeaderBytes = 32 * 1024;

    /// <inheritdoc/>
    public void Configure(KestrelServerOptions kestrel)
    {
        var settings = options.Value;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = RequestLineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = HeaderBytes;
        kestrel.Limits.MaxRequestBodySize = settings.Limits.RequestBodyBytes;
        kestrel.Limits.RequestHeadersTimeout = settings.Limits.AuthenticateTimeout;
        kestrel.Listen(IPAddress.Parse(settings.Http.Address), settings.Http.Port, listen =>
        {
            // The upgrade of /ws is HTTP/1.1's; nothing here needs more.
            listen.Protocols = HttpProtocols.Http1;
            if (settings.Http.Certificate.Load() is { } tls)
            {
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = tls.Certificate;
                    https.ServerCertificateChain = tls.Chain;
                    https.HandshakeTimeout = settings.Limits.AuthenticateTimeout;
                });
            }
        });
    }
}
