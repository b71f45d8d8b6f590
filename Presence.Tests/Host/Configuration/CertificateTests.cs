using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Configuration;

[Trait("Clause", "A4")]
public sealed class CertificateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("presence-").FullName;
    private readonly X509Certificate2 _certificate;

    public CertificateTests()
    {
        using var key = RSA.Create(2048);
        _certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(At("cert.pem"), _certificate.ExportCertificatePem());
        File.WriteAllText(At("key.pem"), _certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(At("locked.pem"), _certificate.GetRSAPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem(
            "pass", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        File.WriteAllBytes(At("cert.pfx"), _certificate.Export(X509ContentType.Pkcs12, "pass"));
        using var bare = X509CertificateLoader.LoadCertificate(_certificate.RawData);
        File.WriteAllBytes(At("bare.pfx"), bare.Export(X509ContentType.Pkcs12, "pass")!);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string At(string file) => Path.Combine(_folder, file);

    private CertificateSettings Settings(string? path, string? password, string? key) =>
        new() { Path = path is null ? null : At(path), Password = password, KeyPath = key is null ? null : At(key) };

    [Theory]
    [InlineData("cert.pfx", "pass", null)]
    [InlineData("cert.pem", null, "key.pem")]
    [InlineData("cert.pem", "pass", "locked.pem")]
    public void A_certificate_comes_with_its_key(string path, string? password, string? key)
    {
        var settings = Settings(path, password, key);

        Assert.Empty(settings.Faults("Presence:Http:Certificate"));
        var loaded = settings.Load();
        Assert.True(loaded!.Value.Certificate.HasPrivateKey);
        Assert.Equal(_certificate.Thumbprint, loaded.Value.Certificate.Thumbprint);
    }

    [Theory]
    [InlineData("cert.pfx", "wrong", null)]
    [InlineData("cert.pfx", null, null)]
    [InlineData("bare.pfx", "pass", null)]
    [InlineData("cert.pem", null, null)]
    [InlineData("cert.pem", null, "cert.pem")]
    [InlineData("cert.pem", null, "nowhere.pem")]
    [InlineData("cert.pem", "wrong", "locked.pem")]
    [InlineData("nowhere.pfx", null, null)]
    public void What_cannot_be_served_with_is_a_fault(string path, string? password, string? key)
    {
        var fault = Assert.Single(Settings(path, password, key).Faults("Presence:Http:Certificate"));
        Assert.Equal("Presence:Http:Certificate:Path", fault.Key);
        Assert.DoesNotContain("wrong", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_path_there_is_none()
    {
        Assert.Null(Settings(null, null, null).Load());
        Assert.Empty(Settings(null, null, null).Faults("Presence:Http:Certificate"));
    }
}
