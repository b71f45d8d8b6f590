using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Protocols;
using Presence.Host.Auth;
using TokenReader = Presence.Host.Auth.TokenReader;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>
/// Key sets and OpenID configurations that an issuer publishes: whatever they hold, tokens are checked with what could be read of them,
/// and a key set that cannot be read is told as one, without an exception.
/// </summary>
internal sealed class JwksTarget : FuzzTarget
{
    private static readonly string[] Tokens =
    [
        "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "eyJhbGciOiJFUzI1NiJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "eyJhbGciOiJFZERTQSJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];

    private const string Modulus =
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    private static readonly string[] Numbers =
    [
        "AQAB", "", "AA", "AAAA", "A", "=", "AQ==", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", Modulus,
        "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "!", "\\u0000", "MA==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];

    private static readonly string[] Certificates =
        ["", "AAAA", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA", "=", "not base64"];

    public override string Name => "jwks";

    // A key costs an object of the library and its handles of the system.
    public override int AllocationPerByte => 512;

    public override bool IsText => true;

    public override byte[][] Words { get; } =
    [
        .. new[] { "{\"keys\":[", "\"kty\":\"RSA\"", "\"kty\":\"EC\"", "\"kty\":\"OKP\"", "\"kty\":\"oct\"", "\"crv\":\"P-256\"", "\"crv\":\"Ed25519\"", "\"crv\":\"P-521\"", "\"use\":\"sig\"", "\"use\":\"enc\"", "\"x5c\":[", "\"n\":", "\"e\":", "\"x\":", "\"y\":", "\"alg\":", "null", "]}", "\"d\":" }
            .Concat(Numbers).Select(Encoding.Latin1.GetBytes),
    ];

    public override string Check(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var isConfiguration = FuzzRandom.Of(input).OneIn(8);
        var time = new FakeTimeProvider(FuzzKeys.Now);
        using var keys = isConfiguration
            ? RemoteKeys.OfAuthority("https://issuer.example", time, NullLogger.Instance)
            : RemoteKeys.OfKeySet("https://issuer.example/keys", time, NullLogger.Instance);
        ref var read = ref Read(keys);
        var original = read;
        var documents = new Document(text);
        read = (_, cancel) => original(documents, cancel);
        var count = Measured(input.Length, () => Count(keys));
        var reader = new TokenReader(new KeyRing([], [], keys), null, null, ClaimNames.OfMinted, TimeSpan.Zero, time);
        foreach (var token in Tokens)
        {
            var result = reader.ReadAsync(token, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            FuzzFailure.Unless(result.Claims is null, "a token that nobody has signed is taken");
            FuzzFailure.Unless(!result.IsUnavailable || count < 0, "keys that were read are not there");
        }

        return $"{(isConfiguration ? "configuration" : "key set")}, {(count < 0 ? "refused" : count == 0 ? "no keys" : count < 5 ? $"{count} keys" : "more keys")}";
    }

    protected override byte[] Generate(FuzzRandom random) => JsonGrammar.Bytes(random, JsonGrammar.Object(
        random,
        ("keys", r => r.OneIn(12) ? JsonGrammar.Any(r, 3) : $"[{string.Join(",", Enumerable.Range(0, r.Small(5)).Select(_ => Key(r)))}]"),
        (random.OneIn(8) ? "jwks_uri" : "issuer", JsonGrammar.String)));

    private static string Key(FuzzRandom random) => JsonGrammar.Object(
        random,
        ("kty", r => $"\"{r.Any(["RSA", "RSA", "EC", "EC", "OKP", "oct", "", "rsa"])}\""),
        ("crv", r => $"\"{r.Any(["P-256", "P-256", "Ed25519", "P-384", "P-521", "secp256k1", "X25519", ""])}\""),
        ("use", r => r.OneIn(4) ? JsonGrammar.Any(r, 1) : "\"sig\""),
        ("alg", r => r.OneIn(4) ? JsonGrammar.Any(r, 1) : $"\"{r.Any(["RS256", "ES256", "EdDSA", "HS256"])}\""),
        ("kid", JsonGrammar.String),
        ("n", r => r.OneIn(2) ? $"\"{Modulus}\"" : Number(r)),
        ("e", r => r.OneIn(2) ? "\"AQAB\"" : Number(r)),
        ("x", Number),
        ("y", Number),
        (random.OneIn(4) ? "x5c" : random.OneIn(4) ? "d" : "k", r => r.OneIn(2) ? $"[\"{r.Any(Certificates)}\"]" : Number(r)));

    private static string Number(FuzzRandom random) => random.OneIn(20) ? JsonGrammar.Any(random, 1) : $"\"{random.Any(Numbers)}\"";

    private static int Count(RemoteKeys keys) => keys.RenewedAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult()?.Count ?? -1;

    // The document is put in where it would be fetched.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_read")]
    private static extern ref Func<IDocumentRetriever, CancellationToken, Task<RemoteKeys.Published>> Read(RemoteKeys keys);

    private sealed class Document(string text) : IDocumentRetriever
    {
        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) => Task.FromResult(text);
    }
}
