using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Presence.Host.Links.Framing;

/// <summary>
/// The opening handshake of RFC 6455, 4.2, as far as it lies in headers. Extensions that a client offers are
/// declined by saying nothing of them; sub-protocols and the origin are somebody else's business.
/// </summary>
internal static class WebSocketHandshake
{
    /// <summary>The only version there is; a refusal names it in <c>Sec-WebSocket-Version</c>.</summary>
    public const string Version = "13";

    private const int KeyLength = 16;

    /// <summary>
    /// Whether the headers of a GET request ask for an upgrade, and what <c>Sec-WebSocket-Accept</c> of the 101 is. If
    /// not, the request is answered with 400.
    /// </summary>
    /// <param name="connection">The lines of <c>Connection</c>.</param>
    /// <param name="upgrade">The lines of <c>Upgrade</c>.</param>
    /// <param name="version">The lines of <c>Sec-WebSocket-Version</c>.</param>
    /// <param name="key">The lines of <c>Sec-WebSocket-Key</c>.</param>
    /// <param name="accept">What proves that the server has understood.</param>
    public static bool TryAccept(
        StringValues connection, StringValues upgrade, StringValues version, StringValues key, [NotNullWhen(true)] out string? accept)
    {
        accept = null;
        if (!HasToken(connection, "upgrade") || !HasToken(upgrade, "websocket"))
            return false;
        if (version is not [{ } number] || number.Trim() != Version)
            return false;
        if (key is not [{ } nonce] || !IsKey(nonce = nonce.Trim()))
            return false;
        accept = Accept(nonce);
        return true;
    }

    /// <summary>What proves that the server has understood the request with this key.</summary>
    [SuppressMessage("Security", "CA5350:Do not use weak cryptographic algorithms", Justification = "RFC 6455 asks for it, and nothing is secret.")]
    public static string Accept(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static bool IsKey(string text)
    {
        Span<byte> key = stackalloc byte[KeyLength + 2];
        return text.Length == 24 && Convert.TryFromBase64String(text, key, out var length) && length == KeyLength;
    }

    private static bool HasToken(StringValues lines, string token)
    {
        foreach (var line in lines)
        {
            foreach (var part in line.AsSpan().Split(','))
            {
                if (line.AsSpan(part).Trim().Equals(token, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }
}
