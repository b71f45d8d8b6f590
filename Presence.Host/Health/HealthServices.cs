using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Presence.Host.Http;

namespace Presence.Host.Health;

/// <summary>
/// What a supervisor and a load balancer ask (contract C5). The answers name no address and no exception, since anybody may ask.
/// </summary>
internal static class HealthServices
{
    /// <summary>Answers 200 as long as the process can answer; if it cannot, it should be started anew.</summary>
    public const string LivePath = "/health/live";

    /// <summary>Answers 200 as long as clients should be sent here, and 503 otherwise.</summary>
    public const string ReadyPath = "/health/ready";

    /// <summary>Adds the checks.</summary>
    public static IServiceCollection AddPresenceHealth(this IServiceCollection services)
    {
        services.AddSingleton<ActorsHealth>().AddHealthChecks()
            .AddCheck<LifeHealth>("life")
            .AddCheck<MembershipHealth>("membership")
            .AddCheck<ActorsHealth>("actors");
        return services;
    }

    /// <summary>Maps both.</summary>
    public static void MapPresenceHealth(this WebApplication app)
    {
        app.MapHealthChecks(LivePath, new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks(ReadyPath, new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        // What is well is not told of.
        var faults = report.Entries
            .Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .ToDictionary(entry => entry.Key, entry => entry.Value.Exception is null ? entry.Value.Description : "The check failed.");
        return ApiJson.WriteAsync(
            context.Response,
            context.Response.StatusCode,
            new { Status = report.Status == HealthStatus.Healthy ? "ok" : "unavailable", Faults = faults.Count == 0 ? null : faults });
    }
}
