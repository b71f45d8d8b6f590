using Microsoft.Extensions.Options;
using Presence.Host.Configuration;

namespace Presence.Host.Http;

/// <summary>Which pages may use this server from a browser (protocol difference 0.12), over HTTP and over <c>/ws</c> alike.</summary>
internal sealed class AllowedOrigins(IOptions<PresenceOptions> options)
{
    private readonly HashSet<string> _origins = new(options.Value.Limits.AllowedOrigins, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether all may.</summary>
    public bool IsEverywhere => _origins.Count == 0;

    /// <summary>Whether a page of this origin may; without an origin it is no page that asks, so there is nothing to forbid.</summary>
    public bool Allows(string? origin) => IsEverywhere || string.IsNullOrEmpty(origin) || _origins.Contains(origin);
}
