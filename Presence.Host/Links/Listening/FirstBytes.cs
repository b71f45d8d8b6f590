using System.Buffers;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links.Listening;

/// <summary>Whether the first bytes of a connection are enough to pass it on.</summary>
internal enum FirstBytesVerdict
{
    /// <summary>More has to come.</summary>
    Incomplete,

    /// <summary>They are whole, or so unusual that waiting makes no sense.</summary>
    Complete,

    /// <summary>They cannot be of the protocol of the port.</summary>
    Wrong,
}

/// <summary>
/// Tells when the first bytes of a connection are whole: a request head, or the first record of a TLS handshake. Until then the
/// connection costs nothing but its socket.
/// </summary>
internal static class FirstBytes
{
    private const int RecordHead = 5;
    private const byte HandshakeRecord = 22;

    // What a record may be long (RFC 8446, section 5.1).
    private const int MostRecordBytes = 16 * 1024;

    private static readonly SearchValues<byte> MethodBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Looks at the beginning of an HTTP request: what the HTTP server refuses at once counts as whole.</summary>
    public static FirstBytesVerdict OfHttp(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return FirstBytesVerdict.Incomplete;
        if (!MethodBytes.Contains(bytes[0]) || bytes.Length > RequestHead.LineBytes + RequestHead.HeaderBytes)
            return FirstBytesVerdict.Complete;
        var line = bytes.IndexOf((byte)'\n');
        if (line < 0)
            return bytes.Length > RequestHead.LineBytes ? FirstBytesVerdict.Complete : FirstBytesVerdict.Incomplete;
        return bytes.IndexOf("\n\r\n"u8) >= 0 || bytes.IndexOf("\n\n"u8) >= 0 ? FirstBytesVerdict.Complete : FirstBytesVerdict.Incomplete;
    }

    /// <summary>Looks at the beginning of a TLS handshake.</summary>
    public static FirstBytesVerdict OfTls(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return FirstBytesVerdict.Incomplete;
        if (bytes[0] != HandshakeRecord)
            return FirstBytesVerdict.Wrong;
        if (bytes.Length < RecordHead)
            return FirstBytesVerdict.Incomplete;
        var length = (bytes[3] << 8) | bytes[4];
        if (length > MostRecordBytes)
            return FirstBytesVerdict.Wrong;
        return bytes.Length >= RecordHead + length ? FirstBytesVerdict.Complete : FirstBytesVerdict.Incomplete;
    }
}
