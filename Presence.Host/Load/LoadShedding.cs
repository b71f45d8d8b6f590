using System.Globalization;
using Presence.Actors.Connections;
using Presence.Actors.Telemetry;

namespace Presence.Host.Load;

/// <summary>Refuses new work while the node is overloaded, and counts each refusal (contract L5).</summary>
/// <param name="state">How loaded the node is.</param>
/// <param name="refusals">Counts the refusals.</param>
internal sealed class LoadShedding(ILoadState state, Refusals refusals)
{
    /// <summary>What a client is told on a TCP link and in an error envelope.</summary>
    public const string Text = Connection.Overloaded;

    // Clients that were refused together come back one after the other. The state takes 5 s to recover, so an earlier retry is
    // of no use.
    private const int EarliestRetry = 5;
    private const int LatestRetry = 30;

    /// <summary>Whether new work is to be refused now.</summary>
    public bool IsOverloaded => state.Level == LoadLevel.Overloaded;

    /// <summary>Whether one piece of new work is to be refused; if so, the refusal is counted.</summary>
    public bool Refuses()
    {
        if (!IsOverloaded)
            return false;
        refusals.Count(Limit.Overload);
        return true;
    }

    /// <summary>The value of a <c>Retry-After</c> header: 5 to 30 s, a new random number each time.</summary>
    public static string RetryAfter() => Random.Shared.Next(EarliestRetry, LatestRetry + 1).ToString(CultureInfo.InvariantCulture);
}
