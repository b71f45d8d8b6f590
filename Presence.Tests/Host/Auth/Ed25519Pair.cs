using System.Buffers.Text;
using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Presence.Tests.Host.Auth;

/// <summary>An Ed25519 key that a test signs with, and the forms in which an issuer gives its public half away.</summary>
internal sealed class Ed25519Pair
{
    private static readonly byte[] InfoPrefix = Convert.FromHexString("302a300506032b6570032100");

    private readonly Ed25519PrivateKeyParameters _key = new(RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize));

    /// <summary>The point, encoded.</summary>
    public byte[] Point => _key.GeneratePublicKey().GetEncoded();

    /// <summary>The point as the <c>x</c> of a JSON web key.</summary>
    public string X => Base64Url.EncodeToString(Point);

    public string Pem => PemOf(Point);

    public static string PemOf(byte[] point) => PemEncoding.WriteString("PUBLIC KEY", InfoOf(point));

    /// <summary>A SubjectPublicKeyInfo (RFC 8410, 4).</summary>
    public static byte[] InfoOf(byte[] point) => [.. InfoPrefix, .. point];

    public byte[] Sign(byte[] message)
    {
        var signature = new byte[Ed25519.SignatureSize];
        _key.Sign(Ed25519.Algorithm.Ed25519, null, message, 0, message.Length, signature, 0);
        return signature;
    }
}
