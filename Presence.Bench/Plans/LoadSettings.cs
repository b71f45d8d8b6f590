using System.Globalization;
using System.Text.Json.Serialization;

namespace Presence.Bench.Plans;

/// <summary>One load, whole: who is there, who follows whom, and how updates are paced.</summary>
internal sealed record LoadSettings
{
    /// <summary>The longest status that the protocol allows, in bytes of UTF-8 (contract S2).</summary>
    public const int MaxStatusBytes = 2048;

    /// <summary>The most follows of all connections together: the load keeps a list of them.</summary>
    public const long MostFollows = 100_000_000;

    /// <summary>How many connections there are, one per user.</summary>
    public required int Connections { get; init; }

    /// <summary>How many users each connection follows, spread evenly; meaningless with hubs.</summary>
    public int Follows { get; init; }

    /// <summary>How many users everybody else follows, and who alone publish; 0: everybody publishes.</summary>
    public int Hubs { get; init; }

    /// <summary>Open loop: so many updates per second, whatever the server does. Null: closed loop.</summary>
    public double? Rate { get; init; }

    /// <summary>Closed loop: so many updates are unacknowledged at any time. Null: open loop.</summary>
    public int? Window { get; init; }

    /// <summary>For how long updates are sent, in seconds.</summary>
    public double Seconds { get; init; } = 5;

    /// <summary>For how long the same updates are sent before, uncounted, in seconds.</summary>
    public double WarmUp { get; init; }

    /// <summary>The least length of a status, in bytes; what is shorter is padded.</summary>
    public int StatusBytes { get; init; }

    /// <summary>How many handshakes, and how many follow requests, are under way at once.</summary>
    public int InFlight { get; init; } = 200;

    /// <summary>
    /// How long the server may come to rest after each step, in seconds. What it keeps busy while idle, and what it does after everybody
    /// has left, is measured for twice as long.
    /// </summary>
    public double Rest { get; init; } = 1.5;

    /// <summary>How often everybody comes and vanishes; 0: once, and there are updates meanwhile.</summary>
    public int StormRounds { get; init; }

    /// <summary>Whether connections come and vanish, and nothing else.</summary>
    [JsonIgnore]
    public bool IsStorm => StormRounds > 0;

    /// <summary>What makes these settings impossible, in words for the person who gave them; none if they are possible.</summary>
    public IEnumerable<string> Faults()
    {
        if (Connections is < 1 or > 1_000_000)
        {
            yield return Told("--connections", Connections, "from 1 to 1000000");
            yield break;
        }

        if (InFlight < 1)
            yield return Told("--in-flight", InFlight, "at least 1");
        if (Rest is not (> 0 and <= 3600))
            yield return Told("--rest", Rest, "above 0 and at most 3600 seconds");
        if (IsStorm)
            yield break;
        if (Hubs < 0 || Hubs >= Connections)
            yield return Told("--hubs", Hubs, "at least 0, and fewer than the connections");
        if (Hubs == 0 && (Follows < 1 || Follows >= Connections))
            yield return Told("--follows", Follows, "at least 1, and fewer than the connections");
        if (Rate is null == Window is null)
            yield return "There is either a --rate (open loop) or a --window (closed loop).";
        if (Rate is { } rate && !(rate > 0 && rate <= 10_000_000))
            yield return Told("--rate", rate, "above 0 and at most 10000000 updates a second");
        if (Window < 1)
            yield return Told("--window", Window, "at least 1");
        if (Rate is > 0 && Rate * Seconds is > 0 and < 0.5)
            yield return Told("--rate", Rate, "so many that there is an update in --seconds");
        if (Hubs == 0 && (long)Connections * Follows > MostFollows)
            yield return Told("--follows", Follows, string.Create(CultureInfo.InvariantCulture, $"so few that all connections together have at most {MostFollows}"));
        if (Seconds is not (> 0 and <= 86_400))
            yield return Told("--seconds", Seconds, "above 0 and at most 86400");
        if (WarmUp is not (>= 0 and <= 86_400))
            yield return Told("--warm-up", WarmUp, "from 0 to 86400 seconds");
        if (StatusBytes is < 0 or > MaxStatusBytes)
            yield return Told("--status-bytes", StatusBytes, $"from 0 to {MaxStatusBytes}");
    }

    private static string Told(string option, IFormattable? value, string rule) =>
        $"{option} is {value?.ToString(null, CultureInfo.InvariantCulture)}; it must be {rule}.";
}
