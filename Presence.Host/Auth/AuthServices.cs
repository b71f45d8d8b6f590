using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Presence.Host.Auth;

/// <summary>Checks and mints tokens.</summary>
internal static class AuthServices
{
    /// <summary>Adds <see cref="TokenValidator"/>, <see cref="TokenIssuer"/> and <see cref="Revocations"/>.</summary>
    public static IServiceCollection AddPresenceAuth(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services
            .AddSingleton<Revocations>()
            .AddSingleton<TokenIssuer>()
            .AddSingleton<TokenValidator>();
    }
}
