using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Presence.Actors.Telemetry;
using Presence.Host.Load;

namespace Presence.Host.Http;

/// <summary>The HTTP API that the client SDKs need beside <c>/ws</c> (protocol section D).</summary>
internal static class HttpServices
{
    /// <summary>Adds what the API needs, but for <see cref="IPresenceLookup"/>.</summary>
    public static IServiceCollection AddPresenceHttp(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.TryAddSingleton(provider => new Refusals(provider.GetRequiredService<IMeterFactory>().Create(Refusals.MeterName)));
        services.TryAddSingleton<ILoadState, UnmeasuredLoad>();
        services.TryAddSingleton<LoadShedding>();
        return services
            .AddSingleton<RejectedRequests>()
            .AddSingleton<LoginLimit>()
            .AddSingleton<UserQueryLimit>()
            .AddSingleton<IPostConfigureOptions<LoggerFilterOptions>, LogPrivacy>()
            .AddSingleton<AllowedOrigins>()
            .AddCors()
            .AddSingleton<Microsoft.AspNetCore.Cors.Infrastructure.ICorsPolicyProvider, CorsPolicies>()
            .AddRequestDecompression()
            .AddSingleton<Credentials>()
            .AddSingleton(provider => new AccountDirectory(provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>Takes the API's requests, and answers those that nothing takes.</summary>
    public static void MapPresenceHttp(this WebApplication app)
    {
        app.UseMiddleware<ApiErrors>();
        app.Use(AnswerOptions);
        app.UseCors();
        // Behind CORS, so that a page can read why its request was refused. OPTIONS costs nothing, and is not limited.
        app.UseMiddleware<RequestLimits>();
        app.UseRequestDecompression();
        ServiceEndpoints.Map(app);
        AuthenticateEndpoints.Map(app);
        SessionEndpoints.Map(app);
        AccountEndpoints.Map(app);
        UnsupportedEndpoints.Map(app);
    }

    /// <summary>
    /// Every OPTIONS request gets an empty 200: a browser's preflight, which the CORS middleware answers with 204, and a plain
    /// one, which no endpoint takes (protocol section D6).
    /// </summary>
    private static async Task AnswerOptions(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsOptions(context.Request.Method))
            await next(context).ConfigureAwait(false);
        else
        {
            if (context.Request.Headers.ContainsKey("Access-Control-Request-Method"))
                await next(context).ConfigureAwait(false);
            context.Response.StatusCode = StatusCodes.Status200OK;
        }
    }
}
