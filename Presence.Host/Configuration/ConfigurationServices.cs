using Microsoft.Extensions.Options;

namespace Presence.Host.Configuration;

/// <summary>Binds and checks the configuration.</summary>
internal static class ConfigurationServices
{
    /// <summary>Adds <see cref="PresenceOptions"/>, checked when first asked for and when the host starts.</summary>
    public static IServiceCollection AddPresenceOptions(
        this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        var section = configuration.GetSection(PresenceOptions.Section);
        services.AddSingleton<IValidateOptions<PresenceOptions>>(new PresenceOptionsValidator(environment, section));
        services.AddOptions<PresenceOptions>()
            .Configure(options => ConfigurationShape.WithoutFaults(section, typeof(PresenceOptions)).Bind(options))
            .PostConfigure(options =>
            {
                if (environment.IsDevelopment())
                    options.ApplyDevelopmentDefaults();
            })
            .ValidateOnStart();
        return services;
    }
}
