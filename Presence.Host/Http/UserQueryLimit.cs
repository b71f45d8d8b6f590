using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;
using Presence.Host.Load;

namespace Presence.Host.Http;

/// <summary>Bounds how many users and names all HTTP requests of this node ask about at one time (contract L4, L5).</summary>
internal sealed class UserQueryLimit(IOptions<PresenceOptions> options, Refusals refusals) : IDisposable
{
    /// <summary>How many users and names one request may name. The request line is shorter than that many ids.</summary>
    public const int PerRequest = 1000;

    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.Value.Limits.UserQueries,
        QueueLimit = 0,
    });

    /// <summary>Takes room for a request; to be disposed of when the request has been answered.</summary>
    /// <param name="count">How many users and names it asks about; at most <see cref="PerRequest"/>.</param>
    /// <exception cref="ApiException">503/14: there is no room.</exception>
    public IDisposable Take(int count)
    {
        var lease = _limiter.AttemptAcquire(count);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        refusals.Count(Limit.UserQueries);
        throw new ApiException(ApiError.Overloaded(LoadShedding.RetryAfter()));
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();
}
