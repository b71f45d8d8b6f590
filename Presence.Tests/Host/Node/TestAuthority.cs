using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Presence.Tests.Host.Node;

/// <summary>An authority that vouches for nodes, and the files of it and of its nodes in a folder.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder;
    private readonly string _name;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _root;

    public TestAuthority(string folder, string name)
    {
        (_folder, _name) = (folder, name);
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(Path, _root.ExportCertificatePem());
    }

    /// <summary>The file of the authority's certificate.</summary>
    public string Path => System.IO.Path.Combine(_folder, $"{_name}.pem");

    /// <summary>The files of a new certificate and its key, good until so many days from now.</summary>
    /// <param name="name">Whose it is.</param>
    /// <param name="days">Below zero for one that has expired.</param>
    /// <param name="uses">What it may be used for, as object identifiers; none for no restriction.</param>
    public (string Certificate, string Key) Issue(string name, int days = 1, params string[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        if (uses.Length > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(each => new Oid(each))], false));
        using var issued = request.Create(_root, DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        return Write(_folder, $"{_name}-{name}", issued, key);
    }

    /// <summary>The files of a certificate that nobody but itself vouches for.</summary>
    public static (string Certificate, string Key) SelfSigned(string folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return Write(folder, name, made, key);
    }

    public void Dispose()
    {
        _root.Dispose();
        _key.Dispose();
    }

    private static (string Certificate, string Key) Write(string folder, string name, X509Certificate2 certificate, ECDsa key)
    {
        var paths = (System.IO.Path.Combine(folder, $"{name}.pem"), System.IO.Path.Combine(folder, $"{name}.key"));
        File.WriteAllText(paths.Item1, certificate.ExportCertificatePem());
        File.WriteAllText(paths.Item2, key.ExportPkcs8PrivateKeyPem());
        return paths;
    }
}
