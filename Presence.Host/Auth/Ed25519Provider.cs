using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>Hands the verifiers of Ed25519 keys to Microsoft.IdentityModel: for <c>EdDSA</c>, such keys, and verifying alone.</summary>
internal sealed class Ed25519Provider : ICryptoProvider
{
    private Ed25519Provider()
    {
    }

    /// <summary>Where the library asks for the verifier of an <see cref="Ed25519Key"/>. Each key keeps its own, so nothing is cached here.</summary>
    public static CryptoProviderFactory Factory { get; } =
        new() { CustomCryptoProvider = new Ed25519Provider(), CacheSignatureProviders = false };

    /// <summary>
    /// Whether the library is to ask here. <paramref name="args"/> may have a key and whether it is to sign; they are empty
    /// when the library gives a verifier back.
    /// </summary>
    public bool IsSupportedAlgorithm(string algorithm, params object[] args) =>
        algorithm == Ed25519Key.Algorithm && args is ([] or [Ed25519Key] or [Ed25519Key, false]);

    /// <summary>The verifier of the key in <paramref name="args"/>.</summary>
    /// <exception cref="NotSupportedException">There is no such key, or it is to sign.</exception>
    public object Create(string algorithm, params object[] args) =>
        args is [Ed25519Key key, ..] && IsSupportedAlgorithm(algorithm, args)
            ? key.Verifier
            : throw new NotSupportedException($"Only an Ed25519 key verifies {Ed25519Key.Algorithm}, and it does nothing else.");

    /// <summary>The verifier stays with its key.</summary>
    public void Release(object cryptoInstance)
    {
    }
}
