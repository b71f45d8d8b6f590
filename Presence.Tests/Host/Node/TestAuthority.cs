using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Presence.Tests.Host.Node;

/// <summary>An authority that vouches for nodes, and the files of it and of its nodes in a folder.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder;
    private readonly string _name;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _own;

    /// <param name="folder">Where the files go.</param>
    /// <param name="name">Its name.</param>
    /// <param name="above">Who vouches for it; null for a root.</param>
    public TestAuthority(string folder, string name, TestAuthority? above = null)
    {
        (_folder, _name) = (folder, name);
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, above is null ? 1 : 0, true));
        if (above is null)
            _own = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        else
        {
            using var issued = request.Create(above._own, DateTimeOffset.UtcNow.AddDays(-25), DateTimeOffset.UtcNow.AddDays(25), RandomNumberGenerator.GetBytes(8));
            _own = issued.CopyWithPrivateKey(_key);
        }
        File.WriteAllText(Path, _own.ExportCertificatePem());
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
        using var issued = request.Create(_own, DateTimeOffset.UtcNow.AddDays(-20), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
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
        _own.Dispose();
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
