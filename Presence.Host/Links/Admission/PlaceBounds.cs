using System.Globalization;
using Presence.Host.Configuration;

namespace Presence.Host.Links.Admission;

/// <summary>How many client sockets a node has at one time, and how long each may take to authenticate (contract L4).</summary>
/// <param name="Sockets">Sockets in all.</param>
/// <param name="SocketsPerAddress">Sockets of one client address; 0 sets no limit.</param>
/// <param name="Handshakes">Sockets in all whose client has not authenticated yet.</param>
/// <param name="HandshakesPerAddress">The same of one client address; 0 sets no limit.</param>
/// <param name="Time">The time from accept until the client has authenticated.</param>
internal sealed record PlaceBounds(int Sockets, int SocketsPerAddress, int Handshakes, int HandshakesPerAddress, TimeSpan Time)
{
    /// <summary>
    /// How long a socket is left alone before it can be closed in favour of a new one: an honest client has sent its first bytes by
    /// then, and a node that is nearly full does not close each new socket for the next one.
    /// </summary>
    public TimeSpan Grace { get; } = Time < TimeSpan.FromSeconds(4) ? Time / 4 : TimeSpan.FromSeconds(1);

    /// <summary>
    /// How many sockets may be on their way out at one time because a new one has taken their place. They are open until their loop
    /// has closed them, so that they are counted beyond <see cref="Sockets"/>.
    /// </summary>
    public int Displaced { get; } = Math.Clamp(Sockets / 8, 1, FileLimit.MostDisplaced);

    /// <summary>Whether <see cref="SocketsPerAddress"/> does not hold for addresses of loopback.</summary>
    public bool ExemptsLoopback { get; init; }

    /// <summary>How many sockets one address may have, in words.</summary>
    public string PerAddressText => SocketsPerAddress == 0
        ? "any number of one address"
        : string.Create(CultureInfo.InvariantCulture, $"{SocketsPerAddress} of one address{(ExemptsLoopback ? " (loopback: any number)" : "")}");

    /// <summary>The bounds of a node.</summary>
    /// <param name="limits">What is configured.</param>
    /// <param name="files">How many sockets the limit of open files leaves room for; null if there is no such limit.</param>
    public static PlaceBounds Of(LimitSettings limits, int? files)
    {
        var sockets = Math.Min(limits.Connections == 0 ? int.MaxValue : limits.Connections, files ?? int.MaxValue);
        // Three quarters: the rest of the node is never taken by sockets whose client is unknown.
        var handshakes = limits.Handshakes == 0 ? Math.Max(1, sockets - (sockets / 4)) : Math.Min(limits.Handshakes, sockets);
        // Half: one address never takes the whole node, and many users behind one NAT do not meet it.
        var perAddress = limits.ConnectionsPerAddress ?? (sockets == int.MaxValue ? 0 : Math.Max(1, sockets / 2));
        return new(sockets, perAddress, handshakes, limits.HandshakesPerAddress, limits.AuthenticateTimeout)
        {
            ExemptsLoopback = limits.ConnectionsPerAddress is null,
        };
    }

    /// <summary>Bounds that nothing meets.</summary>
    public static PlaceBounds None { get; } = new(int.MaxValue, 0, int.MaxValue, 0, TimeSpan.FromHours(1));
}
