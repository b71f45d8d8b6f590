using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace Presence.Actors.Telemetry;

/// <summary>
/// Counts each refusal by its limit, as the counter <c>presence.refusals</c> with the attribute <c>limit</c> (contract L4).
/// What a limit delays or merges is counted here as well, once each time the limit takes effect.
/// </summary>
/// <remarks>Safe from any thread. It allocates nothing per count.</remarks>
public sealed class Refusals
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "Presence";

    /// <summary>The name of the counter.</summary>
    public const string CounterName = "presence.refusals";

    /// <summary>The attribute that names the limit.</summary>
    public const string LimitAttribute = "limit";

    private static readonly ImmutableArray<string> Names = [.. Enum.GetNames<Limit>().Select(SnakeCase)];

    private static readonly ImmutableArray<KeyValuePair<string, object?>> Tags =
        [.. Names.Select(name => new KeyValuePair<string, object?>(LimitAttribute, name))];

    private readonly Counter<long> _counter;

    /// <param name="meter">The meter of the node; null makes one that nothing else shares.</param>
    public Refusals(Meter? meter = null) => _counter = (meter ?? new Meter(MeterName)).CreateCounter<long>(
        CounterName, unit: "{refusal}", description: "What a limit has refused, delayed or merged.");

    /// <summary>The value of the attribute for a limit: its name in snake case, e.g. <c>connections_per_user</c>.</summary>
    public static string NameOf(Limit limit) => Names[(int)limit];

    /// <summary>A limit has taken effect.</summary>
    public void Count(Limit limit) => _counter.Add(1, Tags[(int)limit]);

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));
}
