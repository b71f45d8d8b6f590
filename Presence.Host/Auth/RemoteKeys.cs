using System.Buffers.Text;
using System.Collections.Immutable;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>The keys of an issuer were never read, and cannot be read now.</summary>
internal sealed class KeysUnavailableException(Exception? cause)
    : Exception("The keys of the token issuer cannot be read.", cause);

/// <summary>
/// The public keys that an issuer publishes, under an OpenID authority or as a JSON web key set. They are read when first
/// needed, kept, and read again twice a day, or when a token comes that none of them signed, but then no more often than
/// <see cref="RenewInterval"/> allows, whoever sends such tokens.
/// </summary>
/// <remarks>
/// The library's ConfigurationManager renews in the background, so the first users after a change of keys would be turned
/// away; here they wait.
/// </remarks>
internal sealed partial class RemoteKeys : IDisposable
{
    private const string DiscoveryPath = "/.well-known/openid-configuration";

    // The longest document that is read from an issuer. A key takes less than 3 KB, so this is room for hundreds of keys.
    private const int DocumentBytes = 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http = new() { Timeout = Patience, MaxResponseContentBufferSize = DocumentBytes };
    private readonly Func<IDocumentRetriever, Task<Published>> _read;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Written in turn; read at any time.
    private volatile Reading? _last;

    private RemoteKeys(Func<IDocumentRetriever, Task<Published>> read, TimeProvider time, ILogger log)
    {
        _read = read;
        _time = time;
        _log = log;
    }

    /// <summary>How long an issuer is left alone after its keys were read.</summary>
    public static TimeSpan RenewInterval { get; } = TimeSpan.FromSeconds(30);

    /// <summary>What an issuer publishes.</summary>
    /// <param name="Keys">Its keys, of any kind.</param>
    /// <param name="Issuer">The name that it puts into tokens; null if it does not say.</param>
    public sealed record Published(ImmutableArray<SecurityKey> Keys, string? Issuer);

    /// <summary>The keys of an OpenID provider.</summary>
    public static RemoteKeys OfAuthority(string authority, TimeProvider time, ILogger log)
    {
        var address = authority.TrimEnd('/') + DiscoveryPath;
        return new(
            async documents =>
            {
                var found = await OpenIdConnectConfigurationRetriever.GetAsync(address, documents, CancellationToken.None).ConfigureAwait(false);
                return new([.. found.SigningKeys, .. Ed25519Keys(found.JsonWebKeySet)], found.Issuer);
            },
            time,
            log);
    }

    /// <summary>The keys of a JSON web key set.</summary>
    public static RemoteKeys OfKeySet(string url, TimeProvider time, ILogger log) =>
        new(
            async documents =>
            {
                var text = await documents.GetDocumentAsync(url, CancellationToken.None).ConfigureAwait(false);
                var found = new JsonWebKeySet(text);
                return new([.. found.GetSigningKeys(), .. Ed25519Keys(found)], null);
            },
            time,
            log);

    /// <summary>The keys as last read, or read now.</summary>
    /// <exception cref="KeysUnavailableException">They were never read, and cannot be.</exception>
    public ValueTask<Published> CurrentAsync(CancellationToken cancel) =>
        _last is { Found: { } found } last && _time.GetUtcNow() < last.FreshUntil
            ? ValueTask.FromResult(found)
            : ReadAsync(cancel);

    /// <summary>The keys read anew, or as last read if that was just now.</summary>
    /// <exception cref="KeysUnavailableException">They were never read, and cannot be.</exception>
    public ValueTask<Published> RenewedAsync(CancellationToken cancel) => ReadAsync(cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _turn.Dispose();
    }

    /// <summary>The keys of RFC 8037, which the library passes over, as it does keys for other uses or those it cannot read.</summary>
    private static IEnumerable<Ed25519Key> Ed25519Keys(JsonWebKeySet? set) =>
        from key in set?.Keys ?? []
        where key is { Kty: "OKP", Crv: "Ed25519" }
            && key.Use is null or "" or JsonWebKeyUseNames.Sig
            && key.Alg is null or "" or Ed25519Key.Algorithm
        let point = Base64Url.IsValid(key.X) ? Ed25519Key.Of(Base64Url.DecodeFromChars(key.X), key.Kid) : null
        where point is not null
        select point;

    private async ValueTask<Published> ReadAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var now = _time.GetUtcNow();
            if (_last is not { } last || now >= last.AgainFrom)
                _last = await TryReadAsync(now, _last?.Found).ConfigureAwait(false);
            return _last.Found ?? throw new KeysUnavailableException(_last.Fault);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A failure leaves what was known before.</summary>
    private async Task<Reading> TryReadAsync(DateTimeOffset now, Published? known)
    {
        try
        {
            // Whether plain http is allowed was decided when the configuration was checked.
            var documents = new HttpDocumentRetriever(_http) { RequireHttps = false };
            var found = await _read(documents).ConfigureAwait(false);
            return new(found, null, now + Lifetime, now + RenewInterval);
        }
        // Whatever goes wrong there, network, TLS, status, JSON: the issuer's mistake must not become ours.
        catch (Exception fault)
        {
            ReadFailed(fault);
            var pause = known is null ? RetryInterval : RenewInterval;
            return new(known, fault, now + pause, now + pause);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The keys of the token issuer cannot be read.")]
    private partial void ReadFailed(Exception fault);

    /// <summary>What came of asking the issuer, until when it will do, and when asking again is allowed.</summary>
    private sealed record Reading(Published? Found, Exception? Fault, DateTimeOffset FreshUntil, DateTimeOffset AgainFrom);
}
