using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Presence.Bench.Sockets;

/// <summary>
/// The way to a server: its address, and on the loopback an address to come from. From one address to one port there are not more
/// than some 28,000 connections, those included that have ended within a minute, and to find a free port takes long when half of them
/// are taken; the loopback of Linux has sixteen million addresses.
/// </summary>
internal sealed class Route
{
    private const int PerSource = 10_000;
    private const int Sources = 250;

    private Route(Uri server, IPEndPoint address)
    {
        Server = server;
        Family = (int)(address.AddressFamily == AddressFamily.InterNetwork ? 2 : 10);
        Address = Bytes(address);
        IsLoopback = address.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(address.Address);
    }

    /// <summary>What is asked for.</summary>
    public Uri Server { get; }

    /// <summary>The address family, as the system calls it.</summary>
    public int Family { get; }

    /// <summary>The address, as the system takes it.</summary>
    public byte[] Address { get; }

    private bool IsLoopback { get; }

    /// <summary>Reads the address of a server: <c>ws://host:port</c>, with a path if it is not <c>/ws</c>.</summary>
    /// <exception cref="UsageException">It is not one.</exception>
    public static Uri Parse(string text)
    {
        var whole = text.Contains("://", StringComparison.Ordinal) ? text : $"ws://{text}";
        if (!Uri.TryCreate(whole, UriKind.Absolute, out var uri) || uri.Scheme is not ("ws" or "http") || uri.Query.Length > 0)
            throw new UsageException($"'{text}' is not the address of a server. Write ws://host:port, or ws://host:port/path; TLS is not measured.");
        return new UriBuilder(uri) { Scheme = "ws", Port = uri.IsDefaultPort ? 80 : uri.Port, Path = uri.AbsolutePath == "/" ? "/ws" : uri.AbsolutePath }.Uri;
    }

    /// <summary>Finds the address of a server.</summary>
    /// <exception cref="UnreachableException">Its name has none.</exception>
    public static async Task<Route> ToAsync(Uri server)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(server.DnsSafeHost).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new UnreachableException($"{server.Host}: {e.Message}.");
        }

        // Who says localhost means a server that listens on 127.0.0.1 at least.
        var address = addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
        return new Route(server, new IPEndPoint(address, server.Port));
    }

    /// <summary>The address that a connection comes from, as the system takes it; null if that does not matter.</summary>
    /// <param name="ordinal">How many were made before it.</param>
    public byte[]? Source(long ordinal) => IsLoopback
        ? Bytes(new IPEndPoint(IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"127.0.0.{2 + ordinal / PerSource % Sources}")), 0))
        : null;

    private static byte[] Bytes(IPEndPoint address)
    {
        var form = address.Serialize();
        return form.Buffer[..form.Size].ToArray();
    }
}
