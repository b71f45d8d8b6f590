using Akka.Hosting;
using Akka.Remote.Hosting;
using Presence.Host.Configuration;

namespace Presence.Host.Node;

/// <summary>How this node talks with the others.</summary>
internal static class NodeRemoting
{
    /// <summary>
    /// Adds where the node listens, and what the others call it. Akka calls the latter public, and takes the former for it where it
    /// is left out. With a certificate, adds TLS in which both sides prove that they are nodes of this cluster (contract A4).
    /// </summary>
    public static AkkaConfigurationBuilder WithPeers(this AkkaConfigurationBuilder akka, ClusterSettings cluster)
    {
        akka.WithRemoting(new RemoteOptions
        {
            HostName = string.IsNullOrEmpty(cluster.BindAddress) ? cluster.Hostname : cluster.BindAddress,
            Port = cluster.BindPort ?? cluster.Port,
            PublicHostName = cluster.Hostname,
            PublicPort = cluster.BindPort is null ? null : cluster.Port,
            EnableSsl = cluster.IsSecure,
        });
        return cluster.IsSecure ? akka.WithVerifiedPeers(new PeerVerification(cluster)) : akka;
    }

    private static AkkaConfigurationBuilder WithVerifiedPeers(this AkkaConfigurationBuilder akka, PeerVerification verification) => akka
        .AddSetup(verification.Setup)
        .AddSetup(new VerifiedTransportSetup(verification))
        .AddHocon(VerifiedTransportProvider.Settings, HoconAddMode.Prepend);
}
