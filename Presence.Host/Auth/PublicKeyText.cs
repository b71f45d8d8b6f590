using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace Presence.Host.Auth;

/// <summary>
/// Reads a public key as an operator gives it: the PEM text itself (line breaks may be written as <c>\n</c>, as environment
/// variables want it) or the path of a PEM file; a certificate does as well.
/// </summary>
internal static class PublicKeyText
{
    private const string RsaOid = "1.2.840.113549.1.1.1";
    private const string EllipticOid = "1.2.840.10045.2.1";

    // RFC 8410, 3.
    private const string X25519Oid = "1.3.101.110";
    private const string X448Oid = "1.3.101.111";
    private const string Ed25519Oid = "1.3.101.112";
    private const string Ed448Oid = "1.3.101.113";

    private const int LeastRsaBits = 2048;
    private const string Kinds = "RSA, elliptic (P-256) or Ed25519";

    /// <summary>
    /// The key, as an <see cref="RsaSecurityKey"/>, <see cref="ECDsaSecurityKey"/> or <see cref="Ed25519Key"/>; or why there
    /// is none.
    /// </summary>
    public static bool TryRead(
        string textOrPath, [NotNullWhen(true)] out AsymmetricSecurityKey? key, [NotNullWhen(false)] out string? reason)
    {
        key = null;
        try
        {
            var text = textOrPath.Contains("-----BEGIN", StringComparison.Ordinal)
                ? textOrPath.Replace("\\n", "\n", StringComparison.Ordinal)
                : File.ReadAllText(textOrPath);
            key = Read(text, out reason);
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            reason = $"cannot be read as a PEM public key: {fault.Message}";
        }
        return key is not null;
    }

    private static AsymmetricSecurityKey? Read(string pem, out string? reason)
    {
        reason = null;
        var fields = PemEncoding.Find(pem);
        var label = pem[fields.Label];
        if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
        {
            reason = "is a private key; the server needs, and should see, the public key alone";
            return null;
        }
        if (label == "RSA PUBLIC KEY")
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return OfRsa(rsa, out reason);
        }
        if (label is not ("PUBLIC KEY" or "CERTIFICATE"))
        {
            reason = $"is a PEM '{label}'; it must be a PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE";
            return null;
        }
        return Of(label == "CERTIFICATE" ? X509Certificate2.CreateFromPem(pem).PublicKey : OfInfo(pem, fields), out reason);
    }

    private static PublicKey OfInfo(string pem, PemFields fields) =>
        PublicKey.CreateFromSubjectPublicKeyInfo(Convert.FromBase64String(pem[fields.Base64Data]), out _);

    private static AsymmetricSecurityKey? Of(PublicKey key, out string? reason)
    {
        switch (key.Oid.Value)
        {
            case RsaOid:
                return OfRsa(key.GetRSAPublicKey()!, out reason);
            case EllipticOid:
                return OfElliptic(key.GetECDsaPublicKey()!, out reason);
            case Ed25519Oid:
                return OfEdwards(key.EncodedKeyValue.RawData, out reason);
            case Ed448Oid:
                reason = "is an Ed448 key; of the EdDSA keys, only Ed25519 is taken";
                return null;
            case X25519Oid or X448Oid:
                reason = $"is an {(key.Oid.Value == X448Oid ? "X448" : "X25519")} key, which can sign nothing; it must be {Kinds}";
                return null;
            default:
                reason = $"is of the kind {key.Oid.FriendlyName ?? key.Oid.Value}; it must be {Kinds}";
                return null;
        }
    }

    private static RsaSecurityKey? OfRsa(RSA rsa, out string? reason)
    {
        reason = rsa.KeySize < LeastRsaBits ? $"is an RSA key of {rsa.KeySize} bits; it must have at least {LeastRsaBits}" : null;
        return reason is null ? new RsaSecurityKey(rsa) : null;
    }

    private static ECDsaSecurityKey? OfElliptic(ECDsa key, out string? reason)
    {
        var curve = key.ExportParameters(includePrivateParameters: false).Curve.Oid;
        reason = curve.Value == ECCurve.NamedCurves.nistP256.Oid.Value
            ? null
            : $"is an elliptic key of the curve {curve.FriendlyName ?? curve.Value}; ES256 wants P-256";
        return reason is null ? new ECDsaSecurityKey(key) : null;
    }

    private static Ed25519Key? OfEdwards(byte[] point, out string? reason)
    {
        var key = Ed25519Key.Of(point);
        reason = key is null ? "is an Ed25519 key that no private key belongs to" : null;
        return key;
    }
}
