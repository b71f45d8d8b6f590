using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// The keys that may have signed tokens of one algorithm, and what tokens of these keys must say of their issuer. A key is used for its
/// own algorithm alone, so that nobody can pass off a public key's text as an HMAC secret (contract A1). Every key is tried, so that keys
/// can be rotated without <c>kid</c> (contract A2).
/// </summary>
internal sealed class TokenRules
{
    private readonly string _algorithm;
    private readonly ImmutableArray<(string? Id, SignatureProvider Verifier)> _keys;

    private TokenRules(string algorithm, ImmutableArray<(string? Id, SignatureProvider Verifier)> keys, string? issuer)
    {
        _algorithm = algorithm;
        _keys = keys;
        Issuer = issuer;
    }

    /// <summary>The algorithms that are taken.</summary>
    public static ImmutableArray<string> Algorithms { get; } =
        [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256, Ed25519Key.Algorithm];

    /// <summary>The name that the owner of the keys puts into tokens; null if it is not known.</summary>
    public string? Issuer { get; }

    /// <summary>The rules of a set of keys, for each algorithm that one of them is for.</summary>
    /// <param name="keys">The keys. Those that are for no algorithm that is taken, or cannot be used, are left out.</param>
    /// <param name="issuer">The name that the owner of the keys puts into tokens; null if it is not known.</param>
    public static FrozenDictionary<string, TokenRules> ByAlgorithm(ImmutableArray<SecurityKey> keys, string? issuer) =>
        Algorithms
            .Select(algorithm => new TokenRules(algorithm, Verifiers(keys, algorithm), issuer))
            .Where(rules => !rules._keys.IsEmpty)
            .ToFrozenDictionary(rules => rules._algorithm, StringComparer.Ordinal);

    /// <summary>Whether one of the keys signed a token of the algorithm: those of its <c>kid</c> first, then the others.</summary>
    public bool HaveSigned(SignedToken token)
    {
        var (input, signature) = (token.SignedBytes(), token.Signature());
        return HaveSigned(token.KeyId, named: true, input, signature) || HaveSigned(token.KeyId, named: false, input, signature);
    }

    private bool HaveSigned(string? id, bool named, byte[] input, byte[] signature)
    {
        foreach (var (key, verifier) in _keys)
        {
            if ((id is not null && key == id) == named && Verifies(verifier, input, signature))
                return true;
        }

        return false;
    }

    private static bool Verifies(SignatureProvider verifier, byte[] input, byte[] signature)
    {
        try
        {
            return verifier.Verify(input, signature);
        }
        // A signature of another length than the key has.
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static ImmutableArray<(string? Id, SignatureProvider Verifier)> Verifiers(ImmutableArray<SecurityKey> keys, string algorithm)
    {
        var verifiers = ImmutableArray.CreateBuilder<(string?, SignatureProvider)>();
        foreach (var key in keys.Where(key => Signs(key, algorithm)))
        {
            try
            {
                // Verifiers may be used by any number of threads. Each is kept here, and so not in the library's cache.
                verifiers.Add((string.IsNullOrEmpty(key.KeyId) ? null : key.KeyId, key.CryptoProviderFactory.CreateForVerifying(key, algorithm, cacheProvider: false)));
            }
            // A published key that the library cannot use, such as one that is too short.
            catch (Exception fault) when (fault is ArgumentException or NotSupportedException or InvalidOperationException or CryptographicException)
            {
            }
        }

        return verifiers.ToImmutable();
    }

    private static bool Signs(SecurityKey key, string algorithm) => key switch
    {
        SymmetricSecurityKey => algorithm == SecurityAlgorithms.HmacSha256,
        RsaSecurityKey or X509SecurityKey { PublicKey: RSA } => algorithm == SecurityAlgorithms.RsaSha256,
        ECDsaSecurityKey elliptic => algorithm == SecurityAlgorithms.EcdsaSha256 && elliptic.KeySize == 256,
        Ed25519Key => algorithm == Ed25519Key.Algorithm,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.RSA } => algorithm == SecurityAlgorithms.RsaSha256,
        JsonWebKey { Kty: JsonWebAlgorithmsKeyTypes.EllipticCurve, Crv: JsonWebKeyECTypes.P256 } => algorithm == SecurityAlgorithms.EcdsaSha256,
        _ => false,
    };
}
