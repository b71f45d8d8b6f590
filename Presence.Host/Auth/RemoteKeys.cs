using System.Collections.Immutable;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// The public keys that an issuer publishes, under an OpenID authority or as a JSON web key set. They are read when first
/// needed, kept, and read again now and then, or when a token comes that none of them signed (at most once per
/// <see cref="RenewInterval"/>, whoever sends such tokens).
/// </summary>
internal sealed class RemoteKeys
{
    private const string DiscoveryPath = "/.well-known/openid-configuration";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Func<CancellationToken, Task<Published>> _read;
    private readonly Action _renew;

    private RemoteKeys(Func<CancellationToken, Task<Published>> read, Action renew)
    {
        _read = read;
        _renew = renew;
    }

    /// <summary>How long an issuer is left alone after its keys were read.</summary>
    public static TimeSpan RenewInterval { get; } = TimeSpan.FromSeconds(30);

    /// <summary>What an issuer publishes.</summary>
    /// <param name="Keys">Its keys, of any kind.</param>
    /// <param name="Issuer">The name that it puts into tokens; null if it does not say.</param>
    public sealed record Published(ImmutableArray<SecurityKey> Keys, string? Issuer);

    /// <summary>The keys of an OpenID provider.</summary>
    public static RemoteKeys OfAuthority(string authority)
    {
        var address = authority.TrimEnd('/') + DiscoveryPath;
        var source = Source(address, new OpenIdConnectConfigurationRetriever());
        return new(
            async cancel =>
            {
                var found = await source.GetConfigurationAsync(cancel).ConfigureAwait(false);
                return new([.. found.SigningKeys], found.Issuer);
            },
            source.RequestRefresh);
    }

    /// <summary>The keys of a JSON web key set.</summary>
    public static RemoteKeys OfKeySet(string url)
    {
        var source = Source(url, new KeySetRetriever());
        return new(
            async cancel =>
            {
                var found = await source.GetConfigurationAsync(cancel).ConfigureAwait(false);
                return new([.. found.GetSigningKeys()], null);
            },
            source.RequestRefresh);
    }

    /// <summary>The keys as last read, or read now.</summary>
    /// <exception cref="InvalidOperationException">They were never read, and cannot be.</exception>
    public Task<Published> CurrentAsync(CancellationToken cancel) => _read(cancel);

    /// <summary>Has the keys read again, unless that was just done.</summary>
    public async Task RenewAsync(CancellationToken cancel)
    {
        _renew();
        await _read(cancel).ConfigureAwait(false);
    }

    // Whether plain http is allowed was decided when the configuration was checked.
    private static ConfigurationManager<T> Source<T>(string address, IConfigurationRetriever<T> retriever)
        where T : class =>
        new(address, retriever, new HttpDocumentRetriever(new HttpClient { Timeout = Patience }) { RequireHttps = false })
        {
            RefreshInterval = RenewInterval,
        };

    private sealed class KeySetRetriever : IConfigurationRetriever<JsonWebKeySet>
    {
        public async Task<JsonWebKeySet> GetConfigurationAsync(string address, IDocumentRetriever retriever, CancellationToken cancel) =>
            new(await retriever.GetDocumentAsync(address, cancel).ConfigureAwait(false));
    }
}
