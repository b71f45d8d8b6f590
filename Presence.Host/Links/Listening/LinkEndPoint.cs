using System.Net;

namespace Presence.Host.Links.Listening;

/// <summary>
/// Where a port is to be opened of which links are taken directly from the sockets. Never one with a certificate: who asks for
/// TLS does not want to be spoken to without.
/// </summary>
/// <param name="address">The address.</param>
/// <param name="port">The port; zero has the system choose one.</param>
/// <param name="speaksHttp">
/// Whether connections begin with an HTTP request, which may be for a link or for the HTTP server; else every one is a link.
/// </param>
internal sealed class LinkEndPoint(IPAddress address, int port, bool speaksHttp) : IPEndPoint(address, port)
{
    /// <summary>Whether connections begin with an HTTP request.</summary>
    public bool SpeaksHttp { get; } = speaksHttp;
}
