using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Presence.Host.Auth;
using Presence.Tests.Fuzzing.Reference;
using TokenReader = Presence.Host.Auth.TokenReader;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>Tokens: what is taken, a plain reader takes as well, and so does the library with all of its own checks.</summary>
internal sealed class JwtTarget : FuzzTarget
{
    private static readonly string[] Algorithms = ["ES256", "none", "None", "HS384", "HS512", "RS256", "EdDSA", "PS256", "", "hs256"];

    private readonly ECDsa _elliptic = ECDsa.Create();
    private readonly RSA _rsa = RSA.Create();
    private readonly TokenReader _reader;
    private readonly ReferenceJwt _reference;
    private readonly JsonWebTokenHandler _library = new();
    private readonly TokenValidationParameters _rules;

    public JwtTarget()
    {
        _elliptic.ImportFromPem(FuzzKeys.Elliptic);
        _rsa.ImportFromPem(FuzzKeys.Rsa);
        PublicKeyText.TryRead(FuzzKeys.Edwards, out var edwards, out _);
        _reader = new TokenReader(
            new KeyRing([FuzzKeys.Secret], [new ECDsaSecurityKey(_elliptic), new RsaSecurityKey(_rsa), edwards!]), null, null, ClaimNames.Of(new()), TimeSpan.Zero, new FakeTimeProvider(FuzzKeys.Now));
        _reference = new ReferenceJwt(Encoding.UTF8.GetBytes(FuzzKeys.Secret), _elliptic, _rsa, ((Ed25519Key)edwards!).Verifier.Verify, FuzzKeys.Now);
        _rules = new TokenValidationParameters
        {
            IssuerSigningKeys = [new SymmetricSecurityKey(Encoding.UTF8.GetBytes(FuzzKeys.Secret)), new ECDsaSecurityKey(_elliptic), new RsaSecurityKey(_rsa), edwards],
            ValidateIssuer = false,
            ValidateAudience = false,
            // The library reads fewer dates than RFC 7519 has.
            ValidateLifetime = false,
        };
    }

    public override string Name => "jwt";

    public override bool IsText => true;

    public override byte[][] Words { get; } =
    [
        .. new[]
        {
            ".", "..", "=", "==", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJub25lIn0", "e30", "\"alg\":\"HS256\"", "\"alg\":\"none\"", "\"crit\":[\"exp\"]", "\"exp\":", "\"uid\":", "\"usn\":", "\"nbf\":", "\"vrs\":{", "9999999999",
            "1e10", "253402300800", "-1", "-", "_", "+", "/", "\\ud800", "\"zip\":\"DEF\"", "\"b64\":false", "\"enc\":\"A128GCM\"", "\"jwk\":{}", "\"kid\":\"x\"",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override string Check(byte[] input)
    {
        var token = Encoding.Latin1.GetString(input);
        var claims = Measured(input.Length, () => Complete(_reader.ReadAsync(token, CancellationToken.None)).Claims);
        var expected = _reference.Read(token);
        if (claims is null)
        {
            // The library may refuse for reasons of its own what a plain reader takes, e.g. a header that it cannot read.
            return expected is null ? "refused" : "refused, and a plain reader takes it";
        }

        FuzzFailure.Unless(expected is not null || IsKnownDifference(token), "a token is taken, and a plain reader refuses it");
        if (expected is not null)
            FuzzFailure.UnlessEqual(expected, $"{claims.User} {claims.Username} {(claims.TokenId is ['#', ..] ? null : claims.TokenId)} {claims.ExpiresAt.ToUnixTimeSeconds()} {claims.Vars.Count}", "the claims");
        var result = _library.ValidateTokenAsync(token, _rules).GetAwaiter().GetResult();
        // It reads fewer dates than RFC 7519 has, and no claim that is null.
        FuzzFailure.Unless(
            result.IsValid || result.Exception is not SecurityTokenInvalidSignatureException,
             $"a token is taken, and the library refuses it: {result.Exception?.GetType().Name}");
        return "taken";
    }

    protected override byte[] Generate(FuzzRandom random)
    {
        var header = JsonGrammar.Object(random, ("alg", r => r.OneIn(4) ? $"\"{r.Any(Algorithms)}\"" : "\"HS256\""), ("typ", r => r.OneIn(4) ? JsonGrammar.Any(r, 2) : "\"JWT\""));
        var payload = JsonGrammar.Object(
            random,
            ("uid", r => r.OneIn(20) ? JsonGrammar.String(r) : "\"8f96bc43-7008-4d2a-8be1-1e73859b3033\""),
            ("usn", r => r.OneIn(20) ? JsonGrammar.String(r) : "\"alice\""),
            ("exp", Instant),
            (random.OneIn(4) ? "nbf" : "iat", Instant),
            ("tid", JsonGrammar.String),
            (random.OneIn(4) ? "sub" : "iss", JsonGrammar.String),
            ("vrs", r => r.OneIn(3) ? JsonGrammar.Any(r, 2) : JsonGrammar.Object(r, ("a", JsonGrammar.String))));
        return Encoding.Latin1.GetBytes(Sign(Encode(header), Encode(payload), random));
    }

    /// <summary>What was changed is signed, or next to nothing would get past the signature.</summary>
    protected override byte[] Repair(byte[] input, FuzzRandom random)
    {
        var parts = Encoding.Latin1.GetString(input).Split('.');
        if (parts.Length < 2)
            return input;
        // The text inside is changed, too, and not only the letters that stand for it.
        if (random.OneIn(2))
        {
            var part = random.Below(2);
            try
            {
                var text = Base64Url.DecodeFromChars(parts[part]);
                parts[part] = Base64Url.EncodeToString(new FuzzMutation(random, Words, [], MaxInputBytes / 4, isText: true).Of(text));
            }
            catch (FormatException)
            {
                // It stays as it is.
            }
        }

        return Encoding.Latin1.GetBytes(Sign(parts[0], parts[1], random));
    }

    private static string Instant(FuzzRandom random) => random.Below(10) switch
    {
        0 => $"{FuzzKeys.Now.ToUnixTimeSeconds() + random.Any([-3600, -61, -60, -59, -1, 0, 1, 59, 60, 61])}",
        1 => random.Any(["0", "-1", "1.5", "1e10", "253402300799", "253402300800", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "\"1\"", "null", "1E400", "1795612800.0"]),
        _ => $"{FuzzKeys.Now.ToUnixTimeSeconds() + (random.OneIn(10) ? -3600 : 3600)}",
    };

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private string Sign(string header, string payload, FuzzRandom random)
    {
        var signed = Encoding.UTF8.GetBytes($"{header}.{payload}");
        // The public key as the secret is what an attacker has (key confusion).
        var signature = random.Below(24) switch
        {
            0 => HMACSHA256.HashData(Encoding.UTF8.GetBytes(_elliptic.ExportSubjectPublicKeyInfoPem()), signed),
            1 => [],
            2 => random.Bytes(random.Any([31, 32, 33, 63, 64, 65, 256])),
            3 => HMACSHA512.HashData(Encoding.UTF8.GetBytes(FuzzKeys.Secret), signed),
            _ => HMACSHA256.HashData(Encoding.UTF8.GetBytes(FuzzKeys.Secret), signed),
        };
        return $"{header}.{payload}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>The library reads a header in which a field comes twice, or behind which something follows.</summary>
    private static bool IsKnownDifference(string token) => !ReferenceJwt.IsStrictHeader(token.Split('.')[0]);

    private static T Complete<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}
