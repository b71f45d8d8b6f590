using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Presence.Host.Http;
using Presence.Host.Load;

namespace Presence.Host.Health;

/// <summary>
/// What a supervisor and a load balancer ask (contract C5). The answers name no address and no exception, since anybody may ask.
/// </summary>
internal static class HealthServices
{
    /// <summary>Where both are.</summary>
    public const string Path = "/health";

    /// <summary>Answers 200 as long as the process can answer; if it cannot, it should be started anew.</summary>
    public const string LivePath = $"{Path}/live";

    /// <summary>Answers 200 as long as clients should be sent here, and 503 otherwise; its body also tells the load.</summary>
    public const string ReadyPath = $"{Path}/ready";

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
        var load = app.Services.GetRequiredService<ILoadState>();
        app.MapHealthChecks(LivePath, new HealthCheckOptions
        {
            Predicate = _ => false,
            ResponseWriter = (context, report) => WriteAsync(context, report, load: null),
        });
        app.MapHealthChecks(ReadyPath, new HealthCheckOptions
        {
            ResponseWriter = (context, report) => WriteAsync(context, report, NameOf(load.Level)),
        });
    }

    private static string NameOf(LoadLevel level) => level switch
    {
        LoadLevel.Calm => "calm",
        LoadLevel.Busy => "busy",
        _ => "overloaded",
    };

    // The load does not change the status (contract L5). If an overloaded node answered 503, a load balancer would send its share
    // to the others, which would then be overloaded too, until there is no node left; and some balancers also cut the open
    // connections of a node that is not ready. The node refuses new work itself, and tells each client when to try again.
    private static Task WriteAsync(HttpContext context, HealthReport report, string? load)
    {
        // What is well is not told of.
        var faults = report.Entries
            .Where(entry => entry.Value.Status != HealthStatus.Healthy)
            .ToDictionary(entry => entry.Key, entry => entry.Value.Exception is null ? entry.Value.Description : "The check failed.");
        return ApiJson.WriteAsync(
            context.Response,
            context.Response.StatusCode,
            new { Status = report.Status == HealthStatus.Healthy ? "ok" : "unavailable", Load = load, Faults = faults.Count == 0 ? null : faults });
    }
}
