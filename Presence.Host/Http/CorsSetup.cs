using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace Presence.Host.Http;

/// <summary>Tells browsers which pages may use the API (protocol section D6): any, unless origins are configured.</summary>
internal sealed class CorsSetup(AllowedOrigins origins) : IConfigureOptions<CorsOptions>
{
    /// <inheritdoc/>
    public void Configure(CorsOptions cors) => cors.AddDefaultPolicy(policy =>
    {
        policy.AllowAnyHeader().AllowAnyMethod();
        if (origins.IsEverywhere)
            policy.AllowAnyOrigin();
        else
            policy.SetIsOriginAllowed(origins.Allows);
    });
}
