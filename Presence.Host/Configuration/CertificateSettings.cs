using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Presence.Host.Configuration;

/// <summary>
/// The certificate of a port: a PKCS#12 file (<see cref="Path"/> and maybe <see cref="Password"/>), or a PEM file with its
/// chain and the PEM file of its key (<see cref="Path"/> and <see cref="KeyPath"/>). Without a path the port is plain.
/// </summary>
internal sealed class CertificateSettings
{
    /// <summary>The file of the certificate; null or empty leaves TLS out.</summary>
    public string? Path { get; set; }

    /// <summary>Opens the PKCS#12 file, or the key of a PEM certificate.</summary>
    public string? Password { get; set; }

    /// <summary>The PEM file of the private key; null when the certificate comes as PKCS#12.</summary>
    public string? KeyPath { get; set; }

    /// <summary>The certificate to serve with and the chain to send along; null without a path.</summary>
    /// <exception cref="CryptographicException">The files are not what they should be, or the password is wrong.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public (X509Certificate2 Certificate, X509Certificate2Collection Chain)? Load()
    {
        if (string.IsNullOrEmpty(Path))
            return null;
        return string.IsNullOrEmpty(KeyPath) ? LoadPkcs12(Path) : LoadPem(Path, KeyPath);
    }

    internal IEnumerable<ConfigurationFault> Faults(string key)
    {
        if (string.IsNullOrEmpty(Path))
        {
            if (!string.IsNullOrEmpty(KeyPath) || !string.IsNullOrEmpty(Password))
                yield return new($"{key}:Path", "is missing, though a key or a password is given");
            yield break;
        }
        if (Unloadable() is { } reason)
            yield return new($"{key}:Path", $"is '{Path}'; it cannot be loaded: {reason}");
    }

    private string? Unloadable()
    {
        try
        {
            if (Load() is not { } loaded)
                return null;
            loaded.Certificate.Dispose();
            return null;
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return fault.Message;
        }
    }

    private (X509Certificate2, X509Certificate2Collection) LoadPkcs12(string path)
    {
        var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, Password);
        var own = all.FirstOrDefault(each => each.HasPrivateKey)
            ?? throw new CryptographicException("it has no private key");
        return (own, all);
    }

    private (X509Certificate2, X509Certificate2Collection) LoadPem(string path, string keyPath)
    {
        var own = string.IsNullOrEmpty(Password)
            ? X509Certificate2.CreateFromPemFile(path, keyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(path, Password, keyPath);
        // Windows cannot serve TLS with a key that lives in memory alone.
        if (OperatingSystem.IsWindows())
            own = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(path);
        return (own, chain);
    }
}
