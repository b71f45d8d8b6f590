using Microsoft.IdentityModel.Tokens;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Presence.Host.Auth;

/// <summary>Checks the signatures of one Ed25519 key. Has nothing that changes, so that any number of threads may use it.</summary>
/// <param name="key">The key, as Microsoft.IdentityModel sees it.</param>
/// <param name="point">The key, as BouncyCastle sees it.</param>
internal sealed class Ed25519Verifier(Ed25519Key key, Ed25519PublicKeyParameters point) : SignatureProvider(key, Ed25519Key.Algorithm)
{
    /// <inheritdoc/>
    public override bool Verify(byte[] input, byte[] signature) =>
        Verify(input, 0, input.Length, signature, 0, signature.Length);

    /// <inheritdoc/>
    public override bool Verify(byte[] input, int inputOffset, int inputLength, byte[] signature, int signatureOffset, int signatureLength) =>
        signatureLength == Ed25519.SignatureSize
        && point.Verify(Ed25519.Algorithm.Ed25519, null, input, inputOffset, inputLength, signature, signatureOffset);

    /// <summary>Not here: the key is a public one.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override byte[] Sign(byte[] input) => throw new NotSupportedException("A public key cannot sign.");

    /// <summary>Nothing to let go: it lives as long as its key.</summary>
    protected override void Dispose(bool disposing)
    {
    }
}
