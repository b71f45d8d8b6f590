using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>The ports of the server under abuse.</summary>
internal sealed record AbuseTarget
{
    private AbuseTarget(Uri server, IPEndPoint http, IPEndPoint? tcp, bool isHttpTls, bool isTcpTls) =>
        (Server, Http, Tcp, IsHttpTls, IsTcpTls) = (server, http, tcp, isHttpTls, isTcpTls);

    /// <summary>The HTTP port as a URL.</summary>
    public Uri Server { get; }

    /// <summary>The address of the HTTP port.</summary>
    public IPEndPoint Http { get; }

    /// <summary>The address of the TCP port; null if it is left out.</summary>
    public IPEndPoint? Tcp { get; }

    /// <summary>Whether the HTTP port speaks TLS.</summary>
    public bool IsHttpTls { get; }

    /// <summary>Whether the TCP port speaks TLS.</summary>
    public bool IsTcpTls { get; }

    /// <summary>Reads the two addresses.</summary>
    /// <param name="url"><c>ws://host:port</c> or <c>wss://host:port</c>.</param>
    /// <param name="tcp"><c>host:port</c>, <c>tls://host:port</c>, or <c>none</c>.</param>
    /// <exception cref="UsageException">One of them is no address.</exception>
    public static async Task<AbuseTarget> ParseAsync(string url, string tcp)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var server) || server.Scheme is not ("ws" or "wss") || server.Query.Length > 0)
            throw new UsageException($"'{url}' is not the address of a server. Write ws://host:port or wss://host:port.");
        if (server.AbsolutePath == "/")
            server = new UriBuilder(server) { Path = "/ws" }.Uri;
        var http = new IPEndPoint(await ResolveAsync(server.DnsSafeHost).ConfigureAwait(false), server.Port);
        if (tcp == "none")
            return new AbuseTarget(server, http, null, server.Scheme == "wss", false);
        var isTls = tcp.StartsWith("tls://", StringComparison.Ordinal);
        var authority = isTls ? tcp["tls://".Length..] : tcp;
        var colon = authority.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(authority[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            throw new UsageException($"'{tcp}' is not the address of a TCP port. Write host:port, tls://host:port, or none.");
        return new AbuseTarget(
            server, http, new IPEndPoint(await ResolveAsync(authority[..colon]).ConfigureAwait(false), port), server.Scheme == "wss", isTls);
    }

    /// <summary>The address that a link of a kind connects to.</summary>
    /// <exception cref="UsageException">The TCP port is left out.</exception>
    public IPEndPoint AddressOf(LinkKind kind) => kind == LinkKind.WebSocket ? Http : Tcp ?? throw new UsageException("This scenario needs the TCP port (--tcp host:port).");

    /// <summary>Whether a link of a kind begins with TLS.</summary>
    public bool IsTls(LinkKind kind) => kind == LinkKind.WebSocket ? IsHttpTls : IsTcpTls;

    private static async Task<IPAddress> ResolveAsync(string host)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host).ConfigureAwait(false);
            return addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
        }
        catch (SocketException e)
        {
            throw new UnreachableException($"{host}: {e.Message}.");
        }
    }
}
