using Microsoft.Extensions.Options;

namespace Presence.Host.Http;

/// <summary>
/// Keeps tokens out of the logs, whatever log levels are configured (contract A5): some categories of the framework write the
/// query of a request, or the request as it came, and a token may be in it.
/// </summary>
internal sealed class LogPrivacy : IPostConfigureOptions<LoggerFilterOptions>
{
    private static readonly (string Category, LogLevel Least)[] Bounds =
    [
        // Information: method, path and query of each request.
        ("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning),
        // Debug: request lines that could not be parsed.
        ("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Information),
        ("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogLevel.Information),
    ];

    /// <inheritdoc/>
    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        // A rule for one provider outranks a rule for all, so each provider that has rules gets its own bounds.
        var providers = options.Rules.Select(rule => rule.ProviderName).Append(null).Distinct().ToList();
        foreach (var provider in providers)
        {
            foreach (var (category, least) in Bounds)
                options.Rules.Add(new LoggerFilterRule(provider, category, Stricter(options, provider, category, least), filter: null));
        }
    }

    /// <summary>The bound, unless the configuration asks for fewer entries yet.</summary>
    private static LogLevel Stricter(LoggerFilterOptions options, string? provider, string category, LogLevel least)
    {
        var configured = options.Rules
            .Where(rule => rule.ProviderName == provider && rule.LogLevel is not null
                && (rule.CategoryName is null || category.StartsWith(rule.CategoryName, StringComparison.OrdinalIgnoreCase)))
            .MaxBy(rule => rule.CategoryName?.Length ?? 0)?.LogLevel;
        return configured > least ? configured.Value : least;
    }
}
