using System.Collections.Frozen;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// The keys that may have signed a token: those of the configuration, and those that an issuer publishes. Every key of an algorithm is
/// tried, so that keys can be rotated without <c>kid</c> (contract A2).
/// </summary>
internal sealed class KeyRing
{
    /// <summary>Below this Microsoft.IdentityModel refuses an HS256 key.</summary>
    private const int LeastHmacBytes = 32;

    private readonly FrozenDictionary<string, TokenRules> _configured;
    private readonly RemoteKeys? _remote;

    /// <summary>A ring of shared secrets, public keys, and what an issuer publishes; any of them may be missing.</summary>
    public KeyRing(IEnumerable<string> secrets, IEnumerable<AsymmetricSecurityKey> publicKeys, RemoteKeys? remote = null)
    {
        // What is configured here does not come from the issuer that publishes keys, so nothing of it depends on that issuer.
        _configured = TokenRules.ByAlgorithm([.. secrets.Select(Hmac), .. publicKeys], issuer: null);
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

    /// <summary>The rules of the configured keys for tokens of an algorithm; null if there is no key for it.</summary>
    public TokenRules? RulesFor(string algorithm) => _configured.GetValueOrDefault(algorithm);

    /// <summary>The keys that an issuer publishes, if they may have signed tokens of an algorithm.</summary>
    public RemoteKeys? RemoteFor(string algorithm) =>
        algorithm != SecurityAlgorithms.HmacSha256 && TokenRules.Algorithms.Contains(algorithm) ? _remote : null;
}
