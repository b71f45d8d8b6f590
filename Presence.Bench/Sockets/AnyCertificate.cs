using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Presence.Bench.Sockets;

/// <summary>
/// Accepts every certificate of a server: what is measured is a server on the own network, often with a certificate that it has signed
/// itself, and the tool sends no secret but tokens of made-up users.
/// </summary>
internal static class AnyCertificate
{
    /// <summary>Whether the server has shown a certificate at all.</summary>
    public static bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        (errors & SslPolicyErrors.RemoteCertificateNotAvailable) == 0;
}
