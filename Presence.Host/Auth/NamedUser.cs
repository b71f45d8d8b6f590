using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Presence.Actors.Model;

namespace Presence.Host.Auth;

/// <summary>
/// The user ids of issuers that name their users by other texts than UUIDs, e.g. <c>auth0|507f1f77bcf86cd799439020</c>. The UUID of such a
/// user is of version 5 (RFC 9562, 5.5): <c>uuid5(uuid5(NAMESPACE_URL, issuer), id)</c>. So it is the same on every node and after every
/// restart, any backend can compute it, and two issuers that use one id mean two users.
/// </summary>
internal static class NamedUser
{
    // RFC 9562, 6.6.
    private static readonly Guid UrlNamespace = new("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

    /// <summary>The user of an id.</summary>
    /// <param name="issuer">The <c>iss</c> of the token; empty if it has none.</param>
    /// <param name="id">The id, exactly as the issuer writes it.</param>
    public static UserId Of(string issuer, string id) => new(Version5(Version5(UrlNamespace, issuer), id));

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 9562 demands SHA-1 for version 5.")]
    private static Guid Version5(Guid space, string name)
    {
        var length = Encoding.UTF8.GetByteCount(name);
        var input = new byte[16 + length];
        space.TryWriteBytes(input, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(name, input.AsSpan(16));
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(input, hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
