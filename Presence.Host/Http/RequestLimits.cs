using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;
using Presence.Host.Health;
using Presence.Host.Links.Upgrade;
using Presence.Host.Load;

namespace Presence.Host.Http;

/// <summary>
/// Refuses HTTP requests before any work is done for them: with a request line that is too long (414), while the node is overloaded (503, contract L5), and those of an address
/// that sends too many (429, contract L4). Supervisors may always ask for the health of the node. <c>/ws</c> has limits of its own.
/// </summary>
internal sealed class RequestLimits(
    RequestDelegate next, IOptions<PresenceOptions> options, LoadShedding shedding, Refusals refusals) : IDisposable
{
    /// <summary>The longest request line of all, in bytes: that of <c>/v2/user</c> with 500 ids and more.</summary>
    public const int LongestLineBytes = 32 * 1024;

    private const string LinkPath = "/ws";

    private readonly AddressLimit _requests = new(options.Value.Limits.HttpRequestsPerAddress);

    /// <summary>Runs the request, or refuses it. A refusal throws nothing: an exception would cost more than the request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.Equals(AccountEndpoints.UsersPath, StringComparison.Ordinal) && LineBytes(context) > RequestHead.LineBytes)
            return ApiError.OfStatus(StatusCodes.Status414UriTooLong).ExecuteAsync(context);
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

    private static int LineBytes(HttpContext context) =>
        context.Request.Method.Length + context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length + "  HTTP/1.1\r\n".Length;

    private static bool IsUnlimited(PathString path) =>
        path.StartsWithSegments(HealthServices.Path, StringComparison.Ordinal)
        || path.Equals(ServiceEndpoints.HealthPath, StringComparison.Ordinal)
        || path.Equals(LinkPath, StringComparison.Ordinal);
}
