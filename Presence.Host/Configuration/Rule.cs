using System.Globalization;
using System.Net;

namespace Presence.Host.Configuration;

/// <summary>The rules that several settings share; each yields nothing when the value is fine.</summary>
internal static class Rule
{
    /// <summary>The longest time that a setting may span unless it says otherwise.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>A port, 0 for any free one, or <paramref name="lowest"/> for more.</summary>
    public static IEnumerable<ConfigurationFault> Port(string key, int port, int lowest = 0)
    {
        if (port < lowest || port > IPEndPoint.MaxPort)
        {
            var off = lowest < 0 ? ", or -1 for none" : "";
            yield return new(key, Is(port, $"a port is 1 to {IPEndPoint.MaxPort}, or 0 for any free one{off}"));
        }
    }

    /// <summary>An address to listen on.</summary>
    public static IEnumerable<ConfigurationFault> Address(string key, string address)
    {
        if (!IPAddress.TryParse(address, out _))
            yield return new(key, Is(address, "it must be an IP address, such as 127.0.0.1, 0.0.0.0 or ::"));
    }

    /// <summary>A number within bounds, both included.</summary>
    public static IEnumerable<ConfigurationFault> Between(string key, int value, int lowest, int highest)
    {
        if (value < lowest || value > highest)
            yield return new(key, Is(value, $"it must be {lowest} to {highest}"));
    }

    /// <summary>A time above zero and up to <paramref name="longest"/>, an hour if not given.</summary>
    public static IEnumerable<ConfigurationFault> Span(string key, TimeSpan value, TimeSpan? longest = null)
    {
        var bound = longest ?? Longest;
        if (value <= TimeSpan.Zero || value > bound)
            yield return new(key, Is(value, $"it must be above zero and at most {bound} (a bare number means days; write 00:00:30)"));
    }

    /// <summary>A time of zero, for none, and up to an hour.</summary>
    public static IEnumerable<ConfigurationFault> SpanOrNone(string key, TimeSpan value)
    {
        if (value < TimeSpan.Zero || value > Longest)
            yield return new(key, Is(value, $"it must be zero to {Longest} (a bare number means days; write 00:00:30)"));
    }

    private static string Is(IFormattable value, string rule) => Is(value.ToString(null, CultureInfo.InvariantCulture), rule);

    private static string Is(string value, string rule) => $"is '{value}'; {rule}";
}
