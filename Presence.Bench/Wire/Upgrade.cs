using System.Globalization;
using System.Text;

namespace Presence.Bench.Wire;

/// <summary>The opening handshake of RFC 6455, seen by the client.</summary>
internal static class Upgrade
{
    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

    /// <summary>The request of a client that appears online and speaks JSON.</summary>
    public static byte[] Request(Uri server, string token) => Encoding.ASCII.GetBytes(
        $"GET {server.AbsolutePath}?lang=en&status=true&format=json&token={token} HTTP/1.1\r\nHost: {server.Authority}\r\n"
        + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

    /// <summary>Reads the answer's head: its length with the empty line and its status code; false if it is not all there.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out int length, out int statusCode)
    {
        statusCode = 0;
        length = bytes.IndexOf(EndOfHead) + EndOfHead.Length;
        if (length < EndOfHead.Length)
            return false;
        var line = bytes[..bytes.IndexOf("\r\n"u8)];
        var space = line.IndexOf((byte)' ');
        if (space >= 0 && line.Length >= space + 4)
            _ = int.TryParse(line.Slice(space + 1, 3), NumberStyles.None, CultureInfo.InvariantCulture, out statusCode);
        return true;
    }

    /// <summary>The first line of an answer, for a person.</summary>
    public static string FirstLine(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOfAny((byte)'\r', (byte)'\n');
        return Encoding.Latin1.GetString(bytes[..Math.Min(end < 0 ? bytes.Length : end, 120)]);
    }
}
