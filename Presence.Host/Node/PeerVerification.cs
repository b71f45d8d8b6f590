using System.Security.Cryptography.X509Certificates;
using Akka.Actor.Setup;
using Akka.Event;
using Akka.Remote.Transport.DotNetty;
using Presence.Host.Configuration;

namespace Presence.Host.Node;

/// <summary>
/// TLS between nodes, as Akka's transport takes it: each side shows its certificate, and each side judges the other's by the
/// <see cref="Authorities"/> alone (contract A4). The names in it are not compared. The side that is called does not know under which
/// name the caller goes, so a comparison would bind one side only; and a pod, or a node that is known by its address, often has no
/// name that an authority could certify.
/// </summary>
internal sealed class PeerVerification
{
    private readonly Authorities _authorities;
    private readonly X509Certificate2Collection _ownChain;

    /// <summary>Reads the files that the settings name, which <see cref="ClusterSettings"/> has found to be good.</summary>
    public PeerVerification(ClusterSettings cluster)
    {
        (Certificate, _ownChain) = cluster.Certificate.Load()
            ?? throw new InvalidOperationException("There is no certificate for the node-to-node port.");
        _authorities = Authorities.Load(cluster.Authorities);
    }

    /// <summary>This node's own.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>What makes Akka's transport ask for it.</summary>
    public Setup Setup => new DotNettySslSetup(
        Certificate,
        suppressValidation: false,
        requireMutualAuthentication: true,
        customValidator: (certificate, chain, peer, _, log) =>
        {
            if (Objection(certificate, chain) is not { } objection)
                return true;
            log.Warning("Refused {0} as a node: {1}", peer, objection);
            return false;
        });

    /// <summary>Why a peer is none, as a sentence without its end; null if it may be one.</summary>
    /// <param name="certificate">What it has shown; null for nothing.</param>
    /// <param name="chain">The framework's attempt to build its chain, for what the peer has sent along.</param>
    public string? Objection(X509Certificate2? certificate, X509Chain? chain)
    {
        if (certificate is null)
            return "it has shown no certificate";
        // Peers mostly have the same intermediate authority as this node, and the transport sends a certificate without its chain.
        X509Certificate2Collection between = [.. _ownChain, .. chain?.ChainPolicy.ExtraStore ?? []];
        return _authorities.Objection(certificate, between) is { } objection
            ? $"its certificate ({certificate.Subject.ReplaceLineEndings(" ")}) does not hold: {objection}"
            : null;
    }
}
