using Microsoft.Extensions.Options;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;

namespace Presence.Host.Http;

/// <summary>Refuses logins, new and renewed, of an address that makes too many (429, contract L4): each of them costs two signatures.</summary>
internal sealed class LoginLimit(IOptions<PresenceOptions> options, Refusals refusals) : IEndpointFilter, IDisposable
{
    private readonly AddressLimit _logins = new(options.Value.Limits.LoginsPerAddress);

    /// <inheritdoc/>
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (_logins.TryTake(context.HttpContext.Connection.RemoteIpAddress))
            return next(context);
        refusals.Count(Limit.LoginsPerAddress);
        return ValueTask.FromResult<object?>(ApiError.TooManyRequests);
    }

    /// <inheritdoc/>
    public void Dispose() => _logins.Dispose();
}
