namespace Presence.Cli.Accounts;

/// <summary>
/// Where a server is, as people write it: <c>http(s)://host:7350</c> or <c>ws(s)://…</c> mean the same server, <c>localhost:7350</c> is
/// short for the first, and <c>tcp(s)://host:7352</c> is its plain link, where no HTTP is.
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
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
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

    private static Uri With(Uri uri, string scheme, string path) => new($"{scheme}://{uri.Authority}{path}");

    private static FailureException NoAddress(string text) => FailureException.Usage(
        $"'{text}' is no address of a server.", "It is like http://localhost:7350, https://presence.example or tcp://localhost:7352.");
}
