using Microsoft.Extensions.Options;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;
using Presence.Host.Health;
using Presence.Host.Load;

namespace Presence.Host.Http;

/// <summary>
/// Refuses HTTP requests before any work is done for them: while the node is overloaded (503, contract L5), and those of an address
/// that sends too many (429, contract L4). Supervisors may always ask for the health of the node. <c>/ws</c> has limits of its own.
/// </summary>
internal sealed class RequestLimits(
    RequestDelegate next, IOptions<PresenceOptions> options, LoadShedding shedding, Refusals refusals) : IDisposable
{
    private const string LinkPath = "/ws";

    private readonly AddressLimit _requests = new(options.Value.Limits.HttpRequestsPerAddress);

    /// <summary>Runs the request, or refuses it.</summary>
    /// <exception cref="ApiException">429/8 or 503/14.</exception>
    public Task InvokeAsync(HttpContext context)
    {
        if (IsUnlimited(context.Request.Path))
            return next(context);
        if (!_requests.TryTake(context.Connection.RemoteIpAddress))
        {
            refusals.Count(Limit.HttpRequestsPerAddress);
            throw new ApiException(ApiError.TooManyRequests);
        }

        return shedding.Refuses() ? throw new ApiException(ApiError.Overloaded(LoadShedding.RetryAfter())) : next(context);
    }

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();

    private static bool IsUnlimited(PathString path) =>
        path.StartsWithSegments(HealthServices.Path, StringComparison.Ordinal)
        || path.Equals(ServiceEndpoints.HealthPath, StringComparison.Ordinal)
        || path.Equals(LinkPath, StringComparison.Ordinal);
}
