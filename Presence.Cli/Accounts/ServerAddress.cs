using System.Net;

namespace Presence.Cli.Accounts;

/// <summary>
/// The address of a server, as people write it. <c>http(s)://host:7350</c> and <c>ws(s)://…</c> mean the same server;
/// <c>tcp(s)://host:7352</c> is its TCP port, which has no HTTP API. A host without a scheme means <c>https</c>, so that no token is sent
/// in plain text by accident; for this machine (<c>localhost:7350</c>) it means <c>http</c>, as the README starts a server.
/// </summary>
internal sealed record ServerAddress
{
    /// <summary>Where a server is that was started as the README says.</summary>
    public const string Default = "http://localhost:7350";

    private const string LinkPath = "/ws";

    private ServerAddress(Uri link, Uri? api)
    {
        Link = link;
        Api = api;
    }

    /// <summary>Where connections go.</summary>
    public Uri Link { get; }

    /// <summary>Where the HTTP API begins; null: the address does not say.</summary>
    public Uri? Api { get; }

    /// <summary>Reads an address.</summary>
    /// <exception cref="FailureException">It is none.</exception>
    public static ServerAddress Parse(string text)
    {
        var hasScheme = text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(hasScheme ? text : $"https://{text}", UriKind.Absolute, out var uri)
            || (!hasScheme && IsThisMachine(uri) && !Uri.TryCreate($"http://{text}", UriKind.Absolute, out uri))
            || uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw NoAddress(text);
        switch (uri.Scheme)
        {
            case "tcp" or "tcps" when uri.Port > 0:
                return new ServerAddress(uri, null);
            case "http" or "https" or "ws" or "wss":
                var suffix = uri.Scheme is "https" or "wss" ? "s" : "";
                var path = uri.AbsolutePath.TrimEnd('/');
                if (path.EndsWith(LinkPath, StringComparison.Ordinal))
                    path = path[..^LinkPath.Length];
                return new ServerAddress(With(uri, $"ws{suffix}", path + LinkPath), With(uri, $"http{suffix}", path + "/"));
            default:
                throw NoAddress(text);
        }
    }

    /// <summary>The address as it is shown and kept.</summary>
    public override string ToString() => (Api ?? Link).ToString().TrimEnd('/');

    /// <summary>Whether the host is this machine by its spelling: an address of loopback, or a name of <c>localhost</c> (RFC 6761, 6.3).</summary>
    private static bool IsThisMachine(Uri uri)
    {
        var name = uri.IdnHost.TrimEnd('.');
        return IPAddress.TryParse(name, out var address)
            ? IPAddress.IsLoopback(address)
            : name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }

    private static Uri With(Uri uri, string scheme, string path) => new($"{scheme}://{uri.Authority}{path}");

    private static FailureException NoAddress(string text) => FailureException.Usage(
        $"'{text}' is no address of a server.", "Examples: https://presence.example, http://localhost:7350, tcp://localhost:7352.");
}
