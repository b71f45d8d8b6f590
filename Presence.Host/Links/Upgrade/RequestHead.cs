using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Presence.Host.Links.Upgrade;

/// <summary>
/// Reads the first request of a connection as far as it is a plain <c>GET /ws</c> of HTTP/1.1, in order to make it a link without
/// an HTTP server. Takes nothing away from the bytes, and answers nobody: what is unusual in any way is left, untouched, to
/// HTTP's server, which also answers what is to be refused.
/// </summary>
/// <remarks>
/// So it may be as strict as it likes, and must be no laxer than the server: what it accepts, the server would have accepted and
/// read in the same way. It knows no folded lines, no line ends but CRLF, no bytes beyond printable ASCII, no bodies, and no
/// header that matters twice.
/// </remarks>
internal static class RequestHead
{
    /// <summary>
    /// The longest request line that is read here, in bytes: enough for all but the longest tokens, which the SDKs put into the URL. A
    /// longer one is left to the server, since only so many bytes can be looked at without taking them from the socket.
    /// </summary>
    public const int LineBytes = 16 * 1024;

    /// <summary>The most bytes of all headers together.</summary>
    public const int HeaderBytes = 32 * 1024;

    // Less than the server takes.
    private const int HeaderLines = 64;

    private static readonly SearchValues<byte> NameBytes =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> HostBytes =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> HexBytes = SearchValues.Create(".:0123456789ABCDEFabcdef"u8);

    private static ReadOnlySpan<byte> Target => "GET /ws"u8;

    private static ReadOnlySpan<byte> LineEnd => " HTTP/1.1\r\n"u8;

    /// <summary>Reads what has come so far.</summary>
    /// <param name="bytes">The first bytes of the connection.</param>
    /// <param name="address">Where the client is.</param>
    /// <param name="request">The request, if it is ours.</param>
    /// <param name="length">How many bytes it takes, if it is ours; what follows is of the link.</param>
    public static HeadVerdict TryParse(ReadOnlySpan<byte> bytes, IPAddress? address, out UpgradeRequest? request, out int length)
    {
        request = null;
        length = 0;
        var verdict = ReadLine(bytes, out var query, out var line);
        if (verdict != HeadVerdict.Ours)
            return verdict;
        var headers = new Headers();
        verdict = ReadHeaders(bytes[line..], ref headers, out var rest);
        if (verdict != HeadVerdict.Ours)
            return verdict;
        if (headers.Host is null)
            return HeadVerdict.NotOurs;
        length = line + rest;
        request = Request(query, in headers, address);
        return HeadVerdict.Ours;
    }

    /// <summary>The same for bytes that lie in several places.</summary>
    public static HeadVerdict TryParse(ReadOnlySequence<byte> bytes, IPAddress? address, out UpgradeRequest? request, out int length)
    {
        if (bytes.IsSingleSegment)
            return TryParse(bytes.FirstSpan, address, out request, out length);
        var copy = ArrayPool<byte>.Shared.Rent(LineBytes + HeaderBytes + 1);
        try
        {
            // One byte more than there may be shows that it is too long.
            var count = (int)Math.Min(bytes.Length, LineBytes + HeaderBytes + 1);
            bytes.Slice(0, count).CopyTo(copy);
            return TryParse(copy.AsSpan(0, count), address, out request, out length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy, clearArray: true);
        }
    }

    private static HeadVerdict ReadLine(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> query, out int length)
    {
        query = [];
        length = 0;
        var verdict = Begins(bytes, Target);
        if (verdict != HeadVerdict.Ours)
            return verdict;
        var rest = bytes[Target.Length..];
        if (rest is [(byte)'?', ..])
        {
            var end = rest.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
            query = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[end..];
        }

        length = Target.Length + query.Length + LineEnd.Length;
        return length > LineBytes ? HeadVerdict.NotOurs : Begins(rest, LineEnd);
    }

    private static HeadVerdict ReadHeaders(ReadOnlySpan<byte> bytes, ref Headers headers, out int length)
    {
        length = 0;
        for (var lines = 0; lines <= HeaderLines; lines++)
        {
            var rest = bytes[length..];
            if (rest is [(byte)'\r', ..])
            {
                var end = Begins(rest, "\r\n"u8);
                length += 2;
                return length > HeaderBytes ? HeadVerdict.NotOurs : end;
            }

            var verdict = ReadHeader(rest, out var name, out var value);
            if (verdict == HeadVerdict.Incomplete && bytes.Length <= HeaderBytes)
                return HeadVerdict.Incomplete;
            if (verdict != HeadVerdict.Ours || !headers.TryTake(name, value.Trim((byte)' ')))
                return HeadVerdict.NotOurs;
            length += name.Length + 1 + value.Length + 2;
        }

        return HeadVerdict.NotOurs;
    }

    private static HeadVerdict ReadHeader(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = [];
        var colon = bytes.IndexOfAnyExcept(NameBytes);
        if (colon < 0)
            return HeadVerdict.Incomplete;
        if (colon == 0 || bytes[colon] != ':')
            return HeadVerdict.NotOurs;
        name = bytes[..colon];
        var rest = bytes[(colon + 1)..];
        var end = rest.IndexOfAnyExceptInRange((byte)' ', (byte)'~');
        if (end < 0)
            return HeadVerdict.Incomplete;
        value = rest[..end];
        return Begins(rest[end..], "\r\n"u8);
    }

    private static HeadVerdict Begins(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> start)
    {
        var length = Math.Min(bytes.Length, start.Length);
        if (!bytes[..length].SequenceEqual(start[..length]))
            return HeadVerdict.NotOurs;
        return length < start.Length ? HeadVerdict.Incomplete : HeadVerdict.Ours;
    }

    private static UpgradeRequest Request(ReadOnlySpan<byte> query, in Headers headers, IPAddress? address)
    {
        StringValues format = default, token = default, status = default, replyBytes = default, errors = default;
        foreach (var pair in new QueryStringEnumerable(Encoding.ASCII.GetString(query)))
        {
            var name = pair.DecodeName().Span;
            if (name.Equals("format", StringComparison.OrdinalIgnoreCase))
                format = StringValues.Concat(format, pair.DecodeValue().ToString());
            else if (name.Equals("token", StringComparison.OrdinalIgnoreCase))
                token = StringValues.Concat(token, pair.DecodeValue().ToString());
            else if (name.Equals("status", StringComparison.OrdinalIgnoreCase))
                status = StringValues.Concat(status, pair.DecodeValue().ToString());
            else if (name.Equals("reply_bytes", StringComparison.OrdinalIgnoreCase))
                replyBytes = StringValues.Concat(replyBytes, pair.DecodeValue().ToString());
            else if (name.Equals("errors", StringComparison.OrdinalIgnoreCase))
                errors = StringValues.Concat(errors, pair.DecodeValue().ToString());
        }

        return new UpgradeRequest
        {
            Format = format,
            Token = token,
            Status = status,
            ReplyBytes = replyBytes,
            Errors = errors,
            Authorization = headers.Authorization is { } authorization ? new StringValues(authorization) : default(StringValues?),
            Protocols = headers.Protocols?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            Connection = headers.Connection,
            Upgrade = headers.Upgrade,
            Version = headers.Version,
            Key = headers.Key,
            Host = headers.Host,
            Origin = headers.Origin,
            Address = address,
        };
    }

    /// <summary>Whether the server takes it for a host, with a port or without: a name, or an address.</summary>
    private static bool IsHost(ReadOnlySpan<byte> host)
    {
        int end;
        if (host is [(byte)'[', ..])
        {
            // The shortest one that the server knows is [::1].
            end = host[1..].IndexOfAnyExcept(HexBytes) + 1;
            if (end < 4 || host[end] != ']')
                return false;
            end++;
        }
        else
        {
            end = host.IndexOfAnyExcept(HostBytes);
            if (end == 0 || host.IsEmpty)
                return false;
        }

        var port = end < 0 ? [] : host[end..];
        return port.IsEmpty || (port is [(byte)':', _, ..] && port.Length <= 6 && !port[1..].ContainsAnyExceptInRange((byte)'0', (byte)'9'));
    }

    /// <summary>The headers that matter.</summary>
    private ref struct Headers
    {
        public string? Host;
        public string? Authorization;
        public string? Protocols;
        public string? Connection;
        public string? Upgrade;
        public string? Version;
        public string? Key;
        public string? Origin;

        /// <summary>False if the request cannot be ours with this header.</summary>
        public bool TryTake(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            if (Is(name, "Host"u8))
                return IsHost(value) && TrySet(ref Host, value);
            if (Is(name, "Authorization"u8))
                return TrySet(ref Authorization, value);
            if (Is(name, "Sec-WebSocket-Protocol"u8))
                return !value.Contains((byte)'"') && TrySet(ref Protocols, value);
            if (Is(name, "Connection"u8))
                return TrySet(ref Connection, value);
            if (Is(name, "Upgrade"u8))
                return TrySet(ref Upgrade, value);
            if (Is(name, "Sec-WebSocket-Version"u8))
                return TrySet(ref Version, value);
            if (Is(name, "Sec-WebSocket-Key"u8))
                return TrySet(ref Key, value);
            if (Is(name, "Origin"u8))
                return TrySet(ref Origin, value);
            // Of a body, or of something that is to be answered first.
            return !Is(name, "Content-Length"u8) && !Is(name, "Transfer-Encoding"u8) && !Is(name, "Expect"u8);
        }

        private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);

        private static bool TrySet([NotNull] ref string? header, ReadOnlySpan<byte> value)
        {
            var isNew = header is null;
            header ??= Encoding.ASCII.GetString(value);
            return isNew;
        }
    }
}
