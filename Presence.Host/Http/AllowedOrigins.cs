using Microsoft.Extensions.Options;
using Presence.Host.Configuration;

namespace Presence.Host.Http;

/// <summary>Which pages may use this server from a browser (protocol difference 0.12), over HTTP and over <c>/ws</c> alike.</summary>
internal sealed class AllowedOrigins(IOptions<PresenceOptions> options)
{
    private readonly HashSet<Origin> _origins = [.. options.Value.Limits.AllowedOrigins.Select(Read)];

    /// <summary>Whether all may.</summary>
    public bool IsEverywhere => _origins.Count == 0;

    /// <summary>
    /// Whether a page of this origin may. A page of this server always may, and so may a client that sends no origin: it is no browser.
    /// </summary>
    /// <param name="origin">The request's <c>Origin</c>; null or empty if it has none.</param>
    /// <param name="host">The request's <c>Host</c>; null or empty if it has none.</param>
    public bool Allows(string? origin, string? host)
    {
        if (IsEverywhere || string.IsNullOrEmpty(origin))
            return true;
        return Origin.TryParse(origin, out var page)
            && (_origins.Contains(page) || (!string.IsNullOrEmpty(host) && page.IsOf(host)));
    }

    private static Origin Read(string text) =>
        Origin.TryParse(text, out var origin) ? origin : throw new ArgumentException($"'{text}' is not an origin.", nameof(text));
}
