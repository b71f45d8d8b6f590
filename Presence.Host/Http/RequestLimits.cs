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
    /// <summary>
    /// The longest request line, in bytes: that of <c>/v2/user</c> with 1000 ids, and of <c>/ws</c> with the longest token. Kestrel answers
    /// a longer one with 414.
    /// </summary>
    public const int LineBytes = 64 * 1024;

    private const string LinkPath = "/ws";

    private readonly AddressLimit _requests = new(options.Value.Limits.HttpRequestsPerAddress);

    /// <summary>Runs the request, or refuses it. A refusal throws nothing: an exception would cost more than the request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (IsUnlimited(context.Request.Path))
            return next(context);
        if (!_requests.TryTake(context.Connection.RemoteIpAddress))
        {
            refusals.Count(Limit.HttpRequestsPerAddress);
            return ApiError.TooManyRequests.ExecuteAsync(context);
        }

        return shedding.Refuses() ? ApiError.Overloaded(LoadShedding.RetryAfter()).ExecuteAsync(context) : next(context);
    }

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();

    private static bool IsUnlimited(PathString path) =>
        path.StartsWithSegments(HealthServices.Path, StringComparison.Ordinal)
        || path.Equals(ServiceEndpoints.HealthPath, StringComparison.Ordinal)
        || path.Equals(LinkPath, StringComparison.Ordinal);
}
