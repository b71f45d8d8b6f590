using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Auth;

[Trait("Clause", "A2")]
public sealed class PublicKeyTests : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _elliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeTimeProvider _time = new(Jwt.Now);

    public void Dispose()
    {
        _rsa.Dispose();
        _elliptic.Dispose();
    }

    private TokenValidator Validator(params string[] publicKeys)
    {
        var options = TestOptions.With(session => session.PublicKeys = publicKeys);
        return new(options, new Revocations(options, _time), _time, NullLogger<TokenValidator>.Instance);
    }

    [Fact]
    public async Task Tokens_of_all_configured_keys_are_taken_side_by_side()
    {
        var validator = Validator(_rsa.ExportSubjectPublicKeyInfoPem(), _elliptic.ExportSubjectPublicKeyInfoPem());

        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Elliptic(Jwt.Payload(), _elliptic)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing)));
    }

    [Fact]
    public async Task Tokens_of_other_keys_are_refused()
    {
        using var otherRsa = RSA.Create(2048);
        using var otherElliptic = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var validator = Validator(_rsa.ExportSubjectPublicKeyInfoPem(), _elliptic.ExportSubjectPublicKeyInfoPem());

        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), otherRsa)));
        Assert.Null(await validator.BearerAsync(Jwt.Elliptic(Jwt.Payload(), otherElliptic)));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_public_key_is_no_secret_to_sign_with()
    {
        var pem = _rsa.ExportSubjectPublicKeyInfoPem();
        var validator = Validator(pem, _elliptic.ExportSubjectPublicKeyInfoPem());

        foreach (var secret in (string[])[pem, pem + "\n", pem.ReplaceLineEndings("\r\n"), _elliptic.ExportSubjectPublicKeyInfoPem(), ""])
            Assert.Null(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), secret)));
        var der = _rsa.ExportSubjectPublicKeyInfo();
        var token = Jwt.Signed(Jwt.Hs256, Encoding.UTF8.GetBytes(Jwt.Payload()), signed => HMACSHA256.HashData(der, signed));
        Assert.Null(await validator.BearerAsync(token));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task Other_algorithms_of_the_same_key_are_refused()
    {
        var validator = Validator(_rsa.ExportSubjectPublicKeyInfoPem());
        var payload = Encoding.UTF8.GetBytes(Jwt.Payload());

        Assert.Null(await validator.BearerAsync(Jwt.Signed("""{"alg":"RS512"}""", payload,
            signed => _rsa.SignData(signed, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1))));
        Assert.Null(await validator.BearerAsync(Jwt.Signed("""{"alg":"PS256"}""", payload,
            signed => _rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pss))));
        Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, """{"alg":"ES256"}""")));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_key_that_the_token_brings_along_is_not_believed()
    {
        using var mallory = RSA.Create(2048);
        var parameters = mallory.ExportParameters(false);
        var modulus = Base64Url.EncodeToString(parameters.Modulus);
        var header = $$"""{"alg":"RS256","jwk":{"kty":"RSA","n":"{{modulus}}","e":"AQAB"} }""";

        Assert.Null(await Validator(_rsa.ExportSubjectPublicKeyInfoPem()).BearerAsync(Jwt.Rsa(Jwt.Payload(), mallory, header)));
    }

    [Fact]
    public async Task A_key_may_come_as_PKCS1_or_a_certificate_or_on_one_line_or_in_a_file()
    {
        using var certificate = new CertificateRequest("CN=issuer", _rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, _rsa.ExportSubjectPublicKeyInfoPem());
            string[] spellings =
            [
                _rsa.ExportRSAPublicKeyPem(), certificate.ExportCertificatePem(),
                _rsa.ExportSubjectPublicKeyInfoPem().ReplaceLineEndings("\\n"), file,
            ];
            foreach (var spelling in spellings)
                Assert.NotNull(await Validator(spelling).BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static TheoryData<string, string> Unfit
    {
        get
        {
            using var rsa = RSA.Create(2048);
            using var weak = RSA.Create(1024);
            using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
            return new()
            {
                { rsa.ExportPkcs8PrivateKeyPem(), "is a private key" },
                { rsa.ExportRSAPrivateKeyPem(), "is a private key" },
                { weak.ExportSubjectPublicKeyInfoPem(), "RSA key of 1024 bits" },
                { curve.ExportSubjectPublicKeyInfoPem(), "P-256" },
                { PemEncoding.WriteString("CERTIFICATE REQUEST", [1, 2, 3]), "CERTIFICATE REQUEST" },
                { PemEncoding.WriteString("PUBLIC KEY", [1, 2, 3]), "cannot be read" },
                { Ed25519Pair.PemOf(new byte[32]), "no private key belongs to" },
                // The other keys of RFC 8410: so many bytes behind their algorithm's identifier.
                { PemEncoding.WriteString("PUBLIC KEY", [.. Convert.FromHexString("3043300506032b6571033a00"), .. new byte[57]]), "Ed448" },
                { PemEncoding.WriteString("PUBLIC KEY", [.. Convert.FromHexString("302a300506032b656e032100"), .. new byte[32]]), "X25519" },
                { PemEncoding.WriteString("PUBLIC KEY", [.. Convert.FromHexString("3042300506032b656f033900"), .. new byte[56]]), "X448" },
                // A key for Diffie-Hellman, RFC 3279, 2.3.3, without its numbers.
                { PemEncoding.WriteString("PUBLIC KEY", Convert.FromHexString("300f300906072a8648ce3e020103020001")), "must be RSA, elliptic (P-256) or Ed25519" },
                { "-----BEGIN PUBLIC KEY-----", "cannot be read" },
                { "/no/such/file.pem", "cannot be read" },
                { "", "cannot be read" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Unfit))]
    public void An_unfit_key_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(PublicKeyText.TryRead(text, out _, out var told));
        Assert.Contains(reason, told, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
    }
}
