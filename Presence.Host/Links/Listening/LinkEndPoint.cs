using System.Net;

namespace Presence.Host.Links.Listening;

/// <summary>What the connections of a port begin with.</summary>
internal enum PortKind
{
    /// <summary>An HTTP request, which may be for a link or for the HTTP server.</summary>
    Http,

    /// <summary>A link in lines, with its hello.</summary>
    Plain,

    /// <summary>A TLS handshake, which Kestrel does.</summary>
    Tls,
}

/// <summary>A port of the node for clients, whose connections the loops accept (<see cref="LinkListener"/>).</summary>
/// <param name="address">The address.</param>
/// <param name="port">The port; zero has the system choose one.</param>
/// <param name="kind">What connections begin with.</param>
internal sealed class LinkEndPoint(IPAddress address, int port, PortKind kind) : IPEndPoint(address, port)
{
    /// <summary>What connections begin with.</summary>
    public PortKind Kind { get; } = kind;
}
