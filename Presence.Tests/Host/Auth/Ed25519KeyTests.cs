using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Auth;

/// <summary>Tokens of the algorithm EdDSA, and what else might be tried with an Ed25519 key.</summary>
[Trait("Clause", "A2")]
public sealed class Ed25519KeyTests : IDisposable
{
    private readonly Ed25519Pair _edwards = new();
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
    public async Task Tokens_of_a_configured_key_are_taken_beside_those_of_other_kinds()
    {
        var next = new Ed25519Pair();
        var validator = Validator(
            _rsa.ExportSubjectPublicKeyInfoPem(), _edwards.Pem, _elliptic.ExportSubjectPublicKeyInfoPem(), next.Pem);

        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), _edwards)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), next, """{"alg":"EdDSA","kid":"7","typ":"JWT"}""")));
        Assert.NotNull(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Elliptic(Jwt.Payload(), _elliptic)));
        Assert.NotNull(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing)));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task Tokens_of_other_keys_and_changed_or_expired_tokens_are_refused()
    {
        var validator = Validator(_edwards.Pem);
        var parts = Jwt.Edwards(Jwt.Payload(), _edwards).Split('.');
        var another = Jwt.Edwards(Jwt.Payload(("usn", "\"mallory\"")), new Ed25519Pair()).Split('.');

        Assert.Null(await validator.BearerAsync(string.Join('.', another)));
        Assert.Null(await validator.BearerAsync($"{parts[0]}.{another[1]}.{parts[2]}"));
        Assert.Null(await validator.BearerAsync($"{parts[0]}.{parts[1]}."));
        Assert.Null(await validator.BearerAsync($"{parts[0]}.{parts[1]}.{parts[2][4..]}"));
        Assert.Null(await validator.BearerAsync($"{parts[0]}.{parts[1]}.{parts[2]}AAAA"));
        Assert.Null(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(("exp", Jwt.At(-60))), _edwards)));
    }

    [Fact]
    public void The_example_of_the_standard_verifies_and_no_other_bit_pattern_does()
    {
        // RFC 8037, A.2, A.4 and A.5.
        const string X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        const string Input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        const string Signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        Assert.True(PublicKeyText.TryRead(Ed25519Pair.PemOf(Base64Url.DecodeFromChars(X)), out var key, out _));
        var verifier = key.CryptoProviderFactory.CreateForVerifying(key, "EdDSA");
        var input = Encoding.ASCII.GetBytes(Input);
        var signature = Base64Url.DecodeFromChars(Signature);

        Assert.True(verifier.Verify(input, signature));
        Assert.True(verifier.Verify([0, .. input, 0], 1, input.Length, [0, 0, .. signature, 0], 2, signature.Length));
        foreach (var bytes in (byte[][])[input, signature])
        {
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(verifier.Verify(input, signature), $"bit {bit}");
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
        Assert.True(verifier.Verify(input, signature));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_signature_cannot_be_rewritten_into_another_that_is_valid()
    {
        // RFC 8032, 5.1.7: the second half is a number below the order of the group; adding that order gives the same point.
        var order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", null);
        byte[] Rewritten(byte[] signature)
        {
            var sum = new BigInteger(signature.AsSpan(32), isUnsigned: true) + order;
            var half = new byte[32];
            Assert.True(sum.TryWriteBytes(half, out _, isUnsigned: true));
            return [.. signature[..32], .. half];
        }
        var token = Jwt.Signed("""{"alg":"EdDSA"}""", Encoding.UTF8.GetBytes(Jwt.Payload()), signed => Rewritten(_edwards.Sign(signed)));

        Assert.Null(await Validator(_edwards.Pem).BearerAsync(token));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_public_key_is_no_secret_to_sign_with()
    {
        var validator = Validator(_edwards.Pem);
        var payload = Encoding.UTF8.GetBytes(Jwt.Payload());
        byte[][] secrets =
        [
            .. ((string[])[_edwards.Pem, _edwards.Pem + "\n", _edwards.Pem.ReplaceLineEndings("\r\n"), _edwards.X]).Select(Encoding.UTF8.GetBytes),
            _edwards.Point, Ed25519Pair.InfoOf(_edwards.Point),
        ];

        foreach (var header in (string[])[Jwt.Hs256, """{"alg":"EdDSA"}"""])
        {
            foreach (var secret in secrets)
                Assert.Null(await validator.BearerAsync(Jwt.Signed(header, payload, signed => HMACSHA256.HashData(secret, signed))));
        }
    }

    [Theory]
    [Trait("Clause", "A1")]
    [InlineData("HS256")]
    [InlineData("RS256")]
    [InlineData("ES256")]
    [InlineData("none")]
    [InlineData("eddsa")]
    [InlineData("EDDSA")]
    [InlineData("EdDSA ")]
    [InlineData("Ed25519")]
    [InlineData("Ed448")]
    public async Task The_key_is_taken_for_no_other_algorithm(string algorithm)
    {
        var validator = Validator(_edwards.Pem, _rsa.ExportSubjectPublicKeyInfoPem(), _elliptic.ExportSubjectPublicKeyInfoPem());

        Assert.Null(await validator.BearerAsync(Jwt.Edwards(Jwt.Payload(), _edwards, $$"""{"alg":"{{algorithm}}"}""")));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task No_other_key_is_taken_for_the_algorithm()
    {
        const string EdDsa = """{"alg":"EdDSA"}""";
        string[] others = [_rsa.ExportSubjectPublicKeyInfoPem(), _elliptic.ExportSubjectPublicKeyInfoPem()];

        foreach (var validator in (TokenValidator[])[Validator(others), Validator([.. others, _edwards.Pem])])
        {
            Assert.Null(await validator.BearerAsync(Jwt.Rsa(Jwt.Payload(), _rsa, EdDsa)));
            Assert.Null(await validator.BearerAsync(Jwt.Elliptic(Jwt.Payload(), _elliptic, EdDsa)));
            Assert.Null(await validator.BearerAsync(Jwt.Hmac(Jwt.Payload(), WellKnownKeys.Signing, EdDsa)));
        }
        Assert.Null(await Validator(others).BearerAsync(Jwt.Edwards(Jwt.Payload(), _edwards)));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_key_that_the_token_brings_along_is_not_believed()
    {
        var mallory = new Ed25519Pair();
        var header = $$"""{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"{{mallory.X}}"} }""";

        Assert.Null(await Validator(_edwards.Pem).BearerAsync(Jwt.Edwards(Jwt.Payload(), mallory, header)));
    }

    [Fact]
    public async Task A_key_may_come_in_a_certificate_or_on_one_line_or_in_a_file()
    {
        using var authority = new CertificateRequest("CN=authority", _elliptic, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        var key = PublicKey.CreateFromSubjectPublicKeyInfo(Ed25519Pair.InfoOf(_edwards.Point), out _);
        using var certificate = new CertificateRequest(new X500DistinguishedName("CN=issuer"), key, HashAlgorithmName.SHA256).Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(_elliptic),
            DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), [1]);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, _edwards.Pem);
            foreach (var spelling in (string[])[certificate.ExportCertificatePem(), _edwards.Pem.ReplaceLineEndings("\\n"), file])
                Assert.NotNull(await Validator(spelling).BearerAsync(Jwt.Edwards(Jwt.Payload(), _edwards)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [Trait("Clause", "A1")]
    [InlineData("the neutral point", "0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("a point of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("a point of order 4", "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("a point of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("a coordinate beyond the field", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("no point of the curve", "0200000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("31 bytes", "00000000000000000000000000000000000000000000000000000000000000")]
    public void A_point_that_is_nobodys_public_key_is_refused(string what, string point)
    {
        Assert.True(Ed25519Key.Of(Convert.FromHexString(point)) is null, $"accepted: {what}");
    }

    [Fact]
    public void A_key_verifies_with_one_verifier_and_does_not_sign()
    {
        var key = Ed25519Key.Of(_edwards.Point)!;
        var factory = key.CryptoProviderFactory;
        var verifier = factory.CreateForVerifying(key, "EdDSA");
        factory.ReleaseSignatureProvider(verifier);

        Assert.Same(verifier, factory.CreateForVerifying(key, "EdDSA"));
        Assert.True(verifier.Verify([1, 2, 3], _edwards.Sign([1, 2, 3])));
        Assert.Equal(PrivateKeyStatus.DoesNotExist, key.PrivateKeyStatus);
        Assert.ThrowsAny<Exception>(() => factory.CreateForSigning(key, "EdDSA"));
        Assert.Throws<NotSupportedException>(() => verifier.Sign([1, 2, 3]));
        Assert.ThrowsAny<Exception>(() => factory.CreateForVerifying(key, "RS256"));
    }

    [Fact]
    public async Task Tokens_are_checked_at_the_same_time()
    {
        var validator = Validator(_edwards.Pem);
        var mallory = new Ed25519Pair();
        var good = Jwt.Edwards(Jwt.Payload(), _edwards);
        var forged = Jwt.Edwards(Jwt.Payload(), mallory);

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (i, cancel) =>
            Assert.Equal(i % 2 == 0, await validator.BearerAsync(i % 2 == 0 ? good : forged, cancel) is not null));
    }
}
