using System.Buffers.Text;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// The public keys that an issuer publishes, under an OpenID authority or as a JSON web key set (contract A2). They are read when first
/// needed, kept, and read again twice a day, or when a token comes that none of them signed, but then no more often than
/// <see cref="RenewInterval"/> allows, whoever sends such tokens.
/// </summary>
/// <remarks>
/// <para>
/// Keys that have been read are served until others have been read in their place: nobody waits while they are renewed for their age,
/// and an issuer that does not answer withdraws none. Only a token that no known key signed waits, since it may be the first of a new key.
/// </para>
/// <para>
/// All who wait share one reading of the issuer. It is over within <see cref="IssuerPatience.Reading"/>, whatever the issuer does.
/// </para>
/// </remarks>
internal sealed partial class RemoteKeys : IDisposable
{
    private const string DiscoveryPath = "/.well-known/openid-configuration";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly IssuerDocuments _documents;
    private readonly Func<IDocumentRetriever, CancellationToken, Task<Published>> _read;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();

    // Written at the gate; read at any time.
    private volatile Reading? _last;
    private Task<Reading>? _reading;

    private RemoteKeys(
        IssuerDocuments documents, Func<IDocumentRetriever, CancellationToken, Task<Published>> read, TimeProvider time, ILogger log)
    {
        _documents = documents;
        _read = read;
        _time = time;
        _log = log;
    }

    /// <summary>How long an issuer is left alone after its keys were read.</summary>
    public static TimeSpan RenewInterval { get; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The keys as last read; null if they were never read. If they are old, they are read again meanwhile.
    /// </summary>
    public Published? Known
    {
        get
        {
            var last = _last;
            if (last?.Found is not null && _time.GetUtcNow() >= last.FreshUntil)
                TryStart();
            return last?.Found;
        }
    }

    /// <summary>The keys of an OpenID provider.</summary>
    public static RemoteKeys OfAuthority(string authority, TimeProvider time, ILogger log)
    {
        var address = authority.TrimEnd('/') + DiscoveryPath;
        return new(
            new IssuerDocuments(address),
            async (documents, cancel) =>
            {
                var found = await OpenIdConnectConfigurationRetriever.GetAsync(address, documents, cancel).ConfigureAwait(false);
                return new([.. found.SigningKeys, .. Ed25519Keys(found.JsonWebKeySet)], found.Issuer);
            },
            time,
            log);
    }

    /// <summary>The keys of a JSON web key set.</summary>
    public static RemoteKeys OfKeySet(string url, TimeProvider time, ILogger log) =>
        new(
            new IssuerDocuments(url),
            async (documents, cancel) =>
            {
                var text = await documents.GetDocumentAsync(url, cancel).ConfigureAwait(false);
                var found = new JsonWebKeySet(text);
                return new([.. found.GetSigningKeys(), .. Ed25519Keys(found)], null);
            },
            time,
            log);

    /// <summary>
    /// The keys for a token that none of <see cref="Known"/> signed: read anew, or as last read if that was just now. Null if the issuer
    /// does not answer.
    /// </summary>
    public async ValueTask<Published?> RenewedAsync(CancellationToken cancel)
    {
        if (TryStart() is not { } reading)
            return _last is { Fault: null } last ? last.Found : null;
        try
        {
            // The reading has a time limit of its own; this one is for what no limit reaches, such as a thread pool without threads.
            var result = await reading.WaitAsync(IssuerPatience.Waiting, cancel).ConfigureAwait(false);
            return result.Fault is null ? result.Found : null;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _documents.Dispose();
        _end.Dispose();
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

    /// <summary>The reading under way, or a new one; null if the issuer is to be left alone.</summary>
    private Task<Reading>? TryStart()
    {
        lock (_gate)
        {
            if (_reading is { IsCompleted: false } running)
                return running;
            if (_last is { } last && _time.GetUtcNow() < last.AgainFrom)
                return null;
            return _reading = Task.Run(ReadAsync);
        }
    }

    /// <summary>Reads the issuer. A failure leaves what was known before. Never throws.</summary>
    private async Task<Reading> ReadAsync()
    {
        var known = _last?.Found;
        Reading reading;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            limit.CancelAfter(IssuerPatience.Reading);
            // Not every step of the library hears of the token.
            var found = await _read(_documents, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            var now = _time.GetUtcNow();
            reading = new(found, null, now + Lifetime, now + RenewInterval);
        }
        // Whatever goes wrong there, network, TLS, status, JSON: the issuer's mistake must not become ours.
        catch (Exception fault)
        {
            var cause = fault is OperationCanceledException ? $"no answer within {IssuerPatience.Reading.TotalSeconds} s" : Innermost(fault).Message;
            var pause = known is null ? RetryInterval : RenewInterval;
            ReadFailed(cause, known is null ? "No token of this issuer can be checked" : "The keys that are known stay in force", pause);
            var now = _time.GetUtcNow();
            reading = new(known, fault, now + pause, now + pause);
        }

        return _last = reading;
    }

    private static Exception Innermost(Exception fault) => fault.InnerException is { } inner ? Innermost(inner) : fault;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot read the keys of the token issuer: {Cause}. {Consequence}; it is asked again after {Pause} at the earliest.")]
    private partial void ReadFailed(string cause, string consequence, TimeSpan pause);

    /// <summary>What an issuer publishes.</summary>
    public sealed class Published
    {
        private readonly FrozenDictionary<string, TokenRules> _rules;
        private readonly ImmutableHashSet<string> _ids;

        /// <param name="keys">Its keys, of any kind.</param>
        /// <param name="issuer">The name that it puts into tokens; null if it does not say.</param>
        public Published(ImmutableArray<SecurityKey> keys, string? issuer)
        {
            // A secret that everybody can read is no key.
            _rules = TokenRules.ByAlgorithm([.. keys.Where(key => key is not SymmetricSecurityKey)], issuer);
            _ids = [.. keys.Select(key => key.KeyId).OfType<string>()];
            Count = keys.Length;
        }

        /// <summary>How many keys it publishes.</summary>
        public int Count { get; }

        /// <summary>The rules for tokens of an algorithm; null if the issuer has no key for it.</summary>
        public TokenRules? RulesFor(string algorithm) => _rules.GetValueOrDefault(algorithm);

        /// <summary>Whether a key has this id (<c>kid</c>).</summary>
        public bool Has(string? id) => id is { Length: > 0 } && _ids.Contains(id);
    }

    /// <summary>What came of asking the issuer, until when it will do, and when asking again is allowed.</summary>
    private sealed record Reading(Published? Found, Exception? Fault, DateTimeOffset FreshUntil, DateTimeOffset AgainFrom);
}
