using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Presence.Host.Http;

/// <summary>Tells browsers which pages may use the API (protocol section D6): any, unless origins are configured.</summary>
internal sealed class CorsPolicies(AllowedOrigins origins) : ICorsPolicyProvider
{
    private static readonly CorsPolicy Everybody = new CorsPolicyBuilder().AllowAnyHeader().AllowAnyMethod().AllowAnyOrigin().Build();

    /// <inheritdoc/>
    public Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName) =>
        Task.FromResult<CorsPolicy?>(origins.IsEverywhere ? Everybody : PolicyFor(context.Request.Headers.Host));

    private CorsPolicy PolicyFor(string? host) =>
        new CorsPolicyBuilder().AllowAnyHeader().AllowAnyMethod().SetIsOriginAllowed(origin => origins.Allows(origin, host)).Build();
}
