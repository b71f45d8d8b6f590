using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Remote.Transport;

namespace Presence.Host.Node;

/// <summary>
/// Akka's transport, which first looks whom it is about to call. A TLS handshake that fails on the calling side makes Akka shut
/// its own system down: one node that came back with an expired certificate, or a stranger behind an address, would take along
/// every node that calls it. So a handshake of our own goes first, and only whoever passes is called; who does not is a peer that
/// cannot be reached, for a reason that is logged (contract A4). What is left is a peer that fails between the two handshakes,
/// a matter of milliseconds.
/// </summary>
internal sealed class VerifiedTransport : Transport
{
    private readonly Transport _inner;
    private readonly PeerVerification _verification;
    private readonly TimeSpan _patience;

    /// <param name="inner">The transport that calls and listens.</param>
    /// <param name="verification">Who may be called, and what this node shows.</param>
    /// <param name="patience">How long a peer may take to be reached and to prove itself.</param>
    public VerifiedTransport(Transport inner, PeerVerification verification, TimeSpan patience)
    {
        (_inner, _verification, _patience) = (inner, verification, patience);
        (Config, System) = (inner.Config, inner.System);
    }

    /// <inheritdoc/>
    public override string SchemeIdentifier => _inner.SchemeIdentifier;

    /// <inheritdoc/>
    public override long MaximumPayloadBytes => _inner.MaximumPayloadBytes;

    /// <inheritdoc/>
    public override Task<(Address, TaskCompletionSource<IAssociationEventListener>)> Listen() => _inner.Listen();

    /// <inheritdoc/>
    public override bool IsResponsibleFor(Address remote) => _inner.IsResponsibleFor(remote);

    /// <inheritdoc/>
    public override Task<bool> Shutdown() => _inner.Shutdown();

    /// <inheritdoc/>
    public override Task<bool> ManagementCommand(object message) => _inner.ManagementCommand(message);

    /// <inheritdoc/>
    /// <exception cref="InvalidAssociationException">The peer cannot be reached, or is none.</exception>
    public override async Task<AssociationHandle> Associate(Address remoteAddress)
    {
        await VerifyAsync(remoteAddress).ConfigureAwait(false);
        return await _inner.Associate(remoteAddress).ConfigureAwait(false);
    }

    private async Task VerifyAsync(Address peer)
    {
        string? objection = null;
        using var patience = new CancellationTokenSource(_patience);
        try
        {
            // Names are looked up as Akka does it, IPv4 only, so that it is the same machine that is called.
            var host = peer.Host.Trim('[', ']');
            using var socket = new TcpClient(IPAddress.TryParse(host, out var address) ? address.AddressFamily : AddressFamily.InterNetwork);
            await socket.ConnectAsync(host, peer.Port!.Value, patience.Token).ConfigureAwait(false);
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = host,
                LocalCertificateSelectionCallback = (_, _, _, _, _) => _verification.Certificate,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                    (objection = _verification.Objection(certificate as X509Certificate2, chain)) is null,
            }, patience.Token).ConfigureAwait(false);
        }
        catch (SocketException unreachable)
        {
            throw new InvalidAssociationException($"{unreachable.Message} {peer}");
        }
        catch (OperationCanceledException)
        {
            throw new InvalidAssociationException($"{peer} has not completed a TLS handshake within {_patience}");
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException)
        {
            throw new InvalidAssociationException(objection is null
                ? $"{peer} has broken the TLS handshake off; probably it has no certificate configured and does not speak TLS ({refused.Message})"
                : $"{peer} is not a node of this cluster: {objection}");
        }
    }
}
