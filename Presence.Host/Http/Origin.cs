using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Presence.Host.Http;

/// <summary>
/// Where a page comes from, as a browser says in <c>Origin</c> (RFC 6454, section 6.1): scheme, host and port. The scheme may be any, since the
/// web views of apps have their own: <c>capacitor://localhost</c>, <c>ionic://localhost</c>, <c>tauri://localhost</c>. Two origins are equal if
/// a browser takes them for one: case does not matter, and the default port of a scheme is the same as none.
/// </summary>
/// <param name="Scheme">The scheme, in lower case.</param>
/// <param name="Host">The host, in lower case and in ASCII; empty for <see cref="File"/> and <see cref="Opaque"/>.</param>
/// <param name="Port">The port; -1 if none is given and the scheme has no default.</param>
internal sealed record Origin(string Scheme, string Host, int Port)
{
    /// <summary>What browsers send for a page that has no origin, such as one in a sandbox or from a file.</summary>
    public static readonly Origin Opaque = new("null", "", -1);

    /// <summary>What some web views send for a page from a file.</summary>
    public static readonly Origin File = new("file", "", -1);

    private const string Separator = "://";

    // Nothing stands behind the host and port, and no user before them.
    private static readonly SearchValues<char> NotInAuthority = SearchValues.Create("/\\?#@% ");

    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("-._~0123456789abcdefghijklmnopqrstuvwxyz");

    /// <summary>Reads an origin as browsers write it; false if the text is none. Takes time linear in the text.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Origin? origin)
    {
        origin = text switch
        {
            "null" => Opaque,
            "file://" => File,
            _ => Parse(text),
        };
        return origin is not null;
    }

    /// <summary>
    /// Whether the page comes from the server that it calls. The scheme is not compared: a proxy may have ended TLS.
    /// </summary>
    /// <param name="host">The host and port that the request is for: its <c>Host</c>.</param>
    public bool IsOf(string host) =>
        Scheme is "http" or "https" && TryParse(Scheme + Separator + host, out var own) && own == this;

    private static Origin? Parse(string text)
    {
        var end = text.IndexOf(Separator, StringComparison.Ordinal);
        if (end <= 0 || text.EndsWith(':'))
            return null;
        var authority = text.AsSpan(end + Separator.Length);
        if (authority.IsEmpty || authority.ContainsAny(NotInAuthority) || !Uri.TryCreate(text, UriKind.Absolute, out var url))
            return null;
        var host = url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost.ToLowerInvariant();
        var isHost = host.Length > 0 && (url.HostNameType == UriHostNameType.IPv6 || !host.AsSpan().ContainsAnyExcept(HostCharacters));
        return isHost && url.Scheme.Length == end ? new Origin(url.Scheme, host, url.Port) : null;
    }
}
