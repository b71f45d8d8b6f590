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
        if (Unreadable(Path) is { } missing)
            yield return new($"{key}:Path", $"is '{Path}'; it cannot be loaded: {missing}");
        else if (!string.IsNullOrEmpty(KeyPath) && Unreadable(KeyPath) is { } keyMissing)
            yield return new($"{key}:KeyPath", $"is '{KeyPath}'; it cannot be loaded: {keyMissing}");
        else if (Unloadable() is { } reason)
            yield return new($"{key}:Path", $"is '{Path}'; it cannot be loaded: {reason}");
    }

    /// <summary>Why a file cannot be read, as the rest of a sentence; null if it can.</summary>
    internal static string? Unreadable(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return "it is a folder, not a file";
            using var file = File.OpenRead(path);
            return null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return "there is no such file";
        }
        catch (UnauthorizedAccessException)
        {
            return "the user that the server runs as must not read it";
        }
        catch (Exception fault) when (fault is IOException or ArgumentException or NotSupportedException)
        {
            return fault.Message;
        }
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
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return fault.Message;
        }
    }

    private (X509Certificate2, X509Certificate2Collection) LoadPkcs12(string path)
    {
        // The framework says no more than that there was an error.
        if (HasPem(path, "CERTIFICATE"))
            throw new CryptographicException("it is a PEM file, so KeyPath must name the PEM file of its private key");
        try
        {
            var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(path, Password);
            var own = all.FirstOrDefault(each => each.HasPrivateKey)
                ?? throw new MissingKeyException("it has no private key");
            return (own, all);
        }
        catch (CryptographicException fault) when (fault is not MissingKeyException)
        {
            throw new CryptographicException(
                string.IsNullOrEmpty(Password)
                    ? "it is not a PKCS#12 file, or it needs a Password"
                    : "it is not a PKCS#12 file, or the Password does not open it",
                fault);
        }
    }

    private (X509Certificate2, X509Certificate2Collection) LoadPem(string path, string keyPath)
    {
        if (!HasPem(path, "CERTIFICATE"))
            throw new CryptographicException("it holds no PEM certificate; a PKCS#12 file needs no KeyPath");
        var isEncrypted = HasPem(keyPath, "ENCRYPTED PRIVATE KEY");
        if (!isEncrypted && !HasPem(keyPath, "PRIVATE KEY"))
            throw new CryptographicException($"KeyPath is '{keyPath}', which holds no PEM private key");
        if (isEncrypted && string.IsNullOrEmpty(Password))
            throw new CryptographicException($"KeyPath is '{keyPath}', an encrypted key that needs a Password");

        X509Certificate2 own;
        try
        {
            own = isEncrypted
                ? X509Certificate2.CreateFromEncryptedPemFile(path, Password, keyPath)
                : X509Certificate2.CreateFromPemFile(path, keyPath);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw new CryptographicException(
                isEncrypted
                    ? $"the Password does not open the key in '{keyPath}', or the key does not belong to the certificate"
                    : $"the certificate or the key in '{keyPath}' is damaged, or the key does not belong to the certificate",
                fault);
        }

        // Windows cannot serve TLS with a key that lives in memory alone.
        if (OperatingSystem.IsWindows())
            own = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(path);
        return (own, chain);
    }

    /// <summary>Whether a file has a PEM block whose label ends so: <c>RSA PRIVATE KEY</c> is a private key too.</summary>
    private static bool HasPem(string path, string label)
    {
        ReadOnlySpan<char> text = File.ReadAllText(path);
        while (PemEncoding.TryFind(text, out var found))
        {
            if (text[found.Label].EndsWith(label, StringComparison.Ordinal))
                return true;
            text = text[found.Location.End..];
        }

        return false;
    }

    /// <summary>A file that was opened, but has no key.</summary>
    private sealed class MissingKeyException(string message) : CryptographicException(message);
}
