using Akka.Remote.Hosting;
using Presence.Host.Configuration;

namespace Presence.Host.Node;

/// <summary>How this node talks with the others.</summary>
internal static class NodeRemoting
{
    /// <summary>
    /// Where the node listens, and what the others call it. Akka calls the latter public, and takes the former for it where it
    /// is left out.
    /// </summary>
    public static RemoteOptions Options(ClusterSettings cluster) => new()
    {
        HostName = string.IsNullOrEmpty(cluster.BindAddress) ? cluster.Hostname : cluster.BindAddress,
        Port = cluster.BindPort ?? cluster.Port,
        PublicHostName = cluster.Hostname,
        PublicPort = cluster.BindPort is null ? null : cluster.Port,
    };
}
