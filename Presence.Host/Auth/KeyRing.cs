using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// The keys that may have signed a token, by algorithm. A key is tried for its own algorithm alone, so that nobody can pass
/// off a public key's text as an HMAC secret (contract A1), and every key of an algorithm is tried, so that keys can be
/// rotated without <c>kid</c> (contract A2).
/// </summary>
internal sealed class KeyRing
{
    /// <summary>Below this Microsoft.IdentityModel refuses an HS256 key.</summary>
    private const int LeastHmacBytes = 32;

    private static readonly string[] Asymmetric = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256, Ed25519Key.Algorithm];

    private readonly ImmutableArray<SecurityKey> _secrets;
    private readonly ImmutableArray<AsymmetricSecurityKey> _publicKeys;
    private readonly RemoteKeys? _remote;

    /// <summary>A ring of shared secrets, public keys, and what an issuer publishes; any of them may be missing.</summary>
    public KeyRing(IEnumerable<string> secrets, IEnumerable<AsymmetricSecurityKey> publicKeys, RemoteKeys? remote = null)
    {
        _secrets = [.. secrets.Select(Hmac)];
        _publicKeys = [.. publicKeys];
        _remote = remote;
    }

    /// <summary>
    /// An HMAC key of a text. HMAC itself fills a short key up with zeros, so filling it up here changes no signature, and
    /// the library takes it.
    /// </summary>
    public static SymmetricSecurityKey Hmac(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        if (bytes.Length < LeastHmacBytes)
            Array.Resize(ref bytes, LeastHmacBytes);
        return new SymmetricSecurityKey(bytes);
    }

    /// <summary>The keys to try on a token of this algorithm; none for an algorithm that is not taken.</summary>
    /// <exception cref="KeysUnavailableException">The issuer's keys cannot be had.</exception>
    public async ValueTask<ImmutableArray<SecurityKey>> KeysAsync(string algorithm, CancellationToken cancel)
    {
        if (algorithm == SecurityAlgorithms.HmacSha256)
            return _secrets;
        if (!Asymmetric.Contains(algorithm))
            return [];
        ImmutableArray<SecurityKey> published = _remote is null ? [] : (await _remote.CurrentAsync(cancel).ConfigureAwait(false)).Keys;
        return [.. _publicKeys.Concat(published).Where(key => Signs(key, algorithm))];
    }

    /// <summary>
    /// The keys to try on a token that none of <see cref="KeysAsync"/> signed: the issuer's, read anew. Empty if they cannot
    /// help.
    /// </summary>
    /// <exception cref="KeysUnavailableException">The issuer's keys cannot be had.</exception>
    public async ValueTask<ImmutableArray<SecurityKey>> RenewedKeysAsync(string algorithm, CancellationToken cancel)
    {
        if (_remote is null || !Asymmetric.Contains(algorithm))
            return [];
        var renewed = await _remote.RenewedAsync(cancel).ConfigureAwait(false);
        return [.. renewed.Keys.Where(key => Signs(key, algorithm))];
    }

    /// <summary>
    /// The issuer that the authority says it is; null without an authority, and for tokens signed with a shared secret,
    /// which do not come from it.
    /// </summary>
    public async ValueTask<string?> IssuerAsync(string algorithm, CancellationToken cancel) =>
        _remote is null || algorithm == SecurityAlgorithms.HmacSha256
            ? null
            : (await _remote.CurrentAsync(cancel).ConfigureAwait(false)).Issuer;

    private static bool Signs(SecurityKey key, string algorithm) => key switch
    {
        RsaSecurityKey or X509SecurityKey { PublicKey: RSA } => algorithm == SecurityAlgorithms.RsaSha256,
        ECDsaSecurityKey elliptic => algorithm == SecurityAlgorithms.EcdsaSha256 && elliptic.KeySize == 256,
        Ed25519Key => algorithm == Ed25519Key.Algorithm,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.RSA } => algorithm == SecurityAlgorithms.RsaSha256,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv: JsonWebKeyECTypes.P256 } => algorithm == SecurityAlgorithms.EcdsaSha256,
        _ => false,
    };
}
