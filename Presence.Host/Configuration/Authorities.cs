using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Presence.Host.Configuration;

/// <summary>
/// Those who say which machine is a node of this cluster, and nobody else: the store of the system is not asked, since it trusts
/// whoever may vouch for a web site (contract A4). Files of PEM certificates; an intermediate authority may stand beside its root.
/// </summary>
/// <param name="trusted">The certificates of the authorities.</param>
internal sealed class Authorities(X509Certificate2Collection trusted)
{
    // A node is both ends of a connection. A certificate that says what it is for has to allow both, so that one which a company
    // has issued to a person or a web site does not make a node.
    private static readonly Oid[] Uses = [new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")];

    /// <summary>The authorities in these files.</summary>
    /// <exception cref="CryptographicException">A file holds no certificate, or none that can be read.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Authorities Load(IEnumerable<string> paths)
    {
        var all = new X509Certificate2Collection();
        foreach (var path in paths)
            all.AddRange(LoadFile(path));
        return new(all);
    }

    /// <summary>The certificates of one file.</summary>
    /// <exception cref="CryptographicException">The file holds no certificate, or none that can be read.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static X509Certificate2Collection LoadFile(string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(path);
        }
        catch (CryptographicException fault)
        {
            // The framework says no more than that there was an error.
            throw new CryptographicException("a PEM certificate in it is damaged", fault);
        }

        return found.Count > 0 ? found : throw new CryptographicException("it holds no PEM certificate");
    }

    /// <summary>Why a certificate does not make a node of this cluster, as the rest of a sentence; null if it does.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="between">What may lie between it and an authority, as its owner sends it along.</param>
    public string? Objection(X509Certificate2 certificate, X509Certificate2Collection between)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(trusted);
        policy.ExtraStore.AddRange(between);
        // There is nobody to ask: a node has to start, and to be let in, when nothing but its peers can be reached.
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        foreach (var use in Uses)
            policy.ApplicationPolicy.Add(use);
        if (chain.Build(certificate))
            return null;
        return string.Join("; ", chain.ChainStatus.Select(each => $"{each.Status} ({each.StatusInformation.Trim().TrimEnd('.')})").Distinct());
    }
}
