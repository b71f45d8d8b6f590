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
        using var other = RSA.Create(2048);
        File.WriteAllText(At("other.pem"), other.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(At("damaged.pem"), PemEncoding.WriteString("CERTIFICATE", _certificate.RawData.AsSpan(0, 100)));
        File.WriteAllText(At("garbage"), "no certificate at all");
        File.WriteAllText(At("empty"), "");
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

    /// <summary>What is configured, the key that is blamed, and what an operator reads of it.</summary>
    [Theory]
    [InlineData("cert.pfx", "wrong", null, "Path", "it is not a PKCS#12 file, or the Password does not open it")]
    [InlineData("cert.pfx", null, null, "Path", "it is not a PKCS#12 file, or it needs a Password")]
    [InlineData("garbage", "pass", null, "Path", "it is not a PKCS#12 file, or the Password does not open it")]
    [InlineData("empty", null, null, "Path", "it is not a PKCS#12 file, or it needs a Password")]
    [InlineData("bare.pfx", "pass", null, "Path", "it has no private key")]
    [InlineData("cert.pem", null, null, "Path", "it is a PEM file, so KeyPath must name the PEM file of its private key")]
    [InlineData("cert.pem", null, "cert.pem", "Path", "cert.pem', which holds no PEM private key")]
    [InlineData("cert.pem", null, "garbage", "Path", "garbage', which holds no PEM private key")]
    [InlineData("cert.pem", null, "nowhere.pem", "KeyPath", "there is no such file")]
    [InlineData("cert.pem", null, "", "KeyPath", "it is a folder, not a file")]
    [InlineData("cert.pem", null, "other.pem", "Path", "other.pem' is damaged, or the key does not belong to the certificate")]
    [InlineData("damaged.pem", null, "key.pem", "Path", "key.pem' is damaged, or the key does not belong to the certificate")]
    [InlineData("cert.pem", "wrong", "locked.pem", "Path", "the Password does not open the key in '")]
    [InlineData("cert.pem", null, "locked.pem", "Path", "locked.pem', an encrypted key that needs a Password")]
    [InlineData("cert.pfx", null, "key.pem", "Path", "it holds no PEM certificate; a PKCS#12 file needs no KeyPath")]
    [InlineData("nowhere.pfx", null, null, "Path", "there is no such file")]
    [InlineData("nowhere/cert.pfx", null, null, "Path", "there is no such file")]
    [InlineData("", null, null, "Path", "it is a folder, not a file")]
    public void What_cannot_be_served_with_is_a_fault_that_says_why(string path, string? password, string? key, string blamed, string reason)
    {
        var fault = Assert.Single(Settings(path, password, key).Faults("Presence:Http:Certificate"));
        Assert.Equal($"Presence:Http:Certificate:{blamed}", fault.Key);
        Assert.Contains(reason, fault.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("cryptographic operation", fault.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", fault.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("garbage", "it holds no PEM certificate")]
    [InlineData("damaged.pem", "a PEM certificate in it is damaged")]
    [InlineData("nowhere.pem", "there is no such file")]
    public void An_authority_that_cannot_be_read_is_a_fault_that_says_why(string path, string reason)
    {
        var settings = new ClusterSettings { Certificate = Settings("cert.pem", null, "key.pem"), Authorities = [At(path)] };

        var fault = Assert.Single(settings.Faults("Presence:Cluster", development: true));
        Assert.Equal("Presence:Cluster:Authorities:0", fault.Key);
        Assert.EndsWith(reason, fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_path_there_is_none()
    {
        Assert.Null(Settings(null, null, null).Load());
        Assert.Empty(Settings(null, null, null).Faults("Presence:Http:Certificate"));
    }
}
