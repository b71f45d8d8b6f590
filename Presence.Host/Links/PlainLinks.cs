using Presence.Actors.Connections;
using Presence.Host.Auth;
using Presence.Host.Configuration;

namespace Presence.Host.Links;

/// <summary>What holds of every plain link, whatever carries it: what a refused client is told, and how a silent one is found out.</summary>
internal static class PlainLinks
{
    /// <summary>There is no place.</summary>
    public const string Full = "Too many connections; try again later.";

    /// <summary>The token is not accepted; which of the reasons it is, is nobody's business (contract A1).</summary>
    public const string BadToken = "Missing or invalid token.";

    /// <summary>
    /// The token cannot be checked now, and when to try again. It does not say "token": the client library takes a refusal that does for
    /// one of the token.
    /// </summary>
    public static string NoKeys() => $"The keys of the issuer cannot be read; try again in {IssuerPatience.RetryAfter()} s.";

    /// <summary>The client sends nothing more and has not said who it is.</summary>
    public const string NoHello = "The link ended before its hello.";

    /// <summary>The client has not said in time who it is (contract L4).</summary>
    public const string LateHello = "No hello in time.";

    /// <summary>
    /// How long the line feed behind a carriage return may be on its way: the network can separate the two. A client that ends its lines
    /// with a carriage return alone is told so after this time.
    /// </summary>
    public static readonly TimeSpan LineFeedWait = TimeSpan.FromSeconds(1);

    private const int Probes = 4;

    /// <summary><see cref="Full"/> as the line that it is sent in.</summary>
    public static ReadOnlyMemory<byte> FullLine { get; } = Line(Full);

    /// <summary><see cref="LateHello"/> as the line that it is sent in.</summary>
    public static ReadOnlyMemory<byte> LateLine { get; } = Line(LateHello);

    /// <summary>A plain link has no pings of its own: the network's stand in for them (contract C2).</summary>
    /// <returns>The silence before the first probe and the time between probes, both in seconds, and how many may go unanswered.</returns>
    public static (int Idle, int Interval, int Count) KeepAlive(LimitSettings limits)
    {
        var rest = (int)Math.Ceiling((limits.PongWait - limits.PingPeriod).TotalSeconds / Probes);
        return ((int)Math.Max(1, limits.PingPeriod.TotalSeconds), Math.Max(1, rest), Probes);
    }

    private static byte[] Line(string why) => LinkFormat.Lines.Frame(new ServerMessage.Failed(null, ErrorCode.BadInput, why));
}
