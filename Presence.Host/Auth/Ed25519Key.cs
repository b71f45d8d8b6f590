using Microsoft.IdentityModel.Tokens;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Presence.Host.Auth;

/// <summary>
/// An Ed25519 public key, for tokens of the algorithm <c>EdDSA</c> (RFC 8037). Neither .NET nor Microsoft.IdentityModel
/// knows such keys, so this one brings its verifier along: the one instance for all tokens, at the same time too.
/// </summary>
internal sealed class Ed25519Key : AsymmetricSecurityKey
{
    /// <summary>The name of the algorithm in the header of a token.</summary>
    public const string Algorithm = "EdDSA";

    private Ed25519Key(Ed25519PublicKeyParameters key, string? id)
    {
        Verifier = new(this, key);
        KeyId = id;
        CryptoProviderFactory = Ed25519Provider.Factory;
    }

    /// <summary>Checks signatures of this key.</summary>
    public Ed25519Verifier Verifier { get; }

    /// <inheritdoc/>
    public override int KeySize => Ed25519.PublicKeySize * 8;

    /// <inheritdoc/>
    public override PrivateKeyStatus PrivateKeyStatus => PrivateKeyStatus.DoesNotExist;

    /// <inheritdoc/>
    [Obsolete("The base class has PrivateKeyStatus in its place.")]
    public override bool HasPrivateKey => false;

    /// <summary>
    /// The key of an encoded point (RFC 8032, 5.1.2); null unless that is 32 bytes long and a point that a private key can
    /// lead to. With a point of small order anybody could sign.
    /// </summary>
    /// <param name="point">The point, as a key's file or the <c>x</c> of a JSON web key has it.</param>
    /// <param name="id">The key's <c>kid</c>, if it has one.</param>
    public static Ed25519Key? Of(ReadOnlySpan<byte> point, string? id = null) =>
        point.Length == Ed25519.PublicKeySize && Ed25519.ValidatePublicKeyFull(point)
            ? new(new Ed25519PublicKeyParameters(point), id)
            : null;
}
