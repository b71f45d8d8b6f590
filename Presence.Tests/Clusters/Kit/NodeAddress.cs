using System.Net;

namespace Presence.Tests.Clusters.Kit;

/// <summary>Where a node is, for as long as there is such a node: a restart changes none of it.</summary>
/// <param name="HttpPort">The port of HTTP and <c>/ws</c>.</param>
/// <param name="TcpPort">The port of plain TCP links.</param>
/// <param name="ClusterPort">The port under which the other nodes know this one.</param>
/// <param name="BindPort">The port on which it listens for other nodes. It differs where a proxy stands in between.</param>
public sealed record NodeAddress(int HttpPort, int TcpPort, int ClusterPort, int BindPort)
{
    public const string Host = "127.0.0.1";

    public Uri Http => new($"http://{Host}:{HttpPort}/");

    public IPEndPoint Tcp => new(IPAddress.Loopback, TcpPort);

    /// <summary>The node as others name it among their seeds.</summary>
    public string Seed => $"{Host}:{ClusterPort}";

    /// <summary>An address that nobody has.</summary>
    /// <param name="isProxied">Whether other nodes are to come through a proxy.</param>
    public static NodeAddress Take(bool isProxied)
    {
        var cluster = FreePorts.Next();
        return new NodeAddress(FreePorts.Next(), FreePorts.Next(), cluster, isProxied ? FreePorts.Next() : cluster);
    }
}
