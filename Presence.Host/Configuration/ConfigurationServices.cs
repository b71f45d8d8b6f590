using Microsoft.Extensions.Options;

namespace Presence.Host.Configuration;

/// <summary>Binds and checks the configuration.</summary>
internal static class ConfigurationServices
{
    /// <summary>Adds <see cref="PresenceOptions"/>, checked when first asked for and when the host starts.</summary>
    public static IServiceCollection AddPresenceOptions(
        this IServiceCollection services, IConfiguration configuration, IHostEnvironment environment)
    {
        services.AddSingleton<IValidateOptions<PresenceOptions>>(new PresenceOptionsValidator(environment));
        services.AddOptions<PresenceOptions>()
            .Configure(options => Bind(configuration.GetSection(PresenceOptions.Section), options))
            .PostConfigure(options =>
            {
                if (environment.IsDevelopment())
                    options.ApplyDevelopmentDefaults();
            })
            .ValidateOnStart();
        return services;
    }

    private static void Bind(IConfigurationSection section, PresenceOptions options)
    {
        var faults = ConfigurationShape.Faults(section, typeof(PresenceOptions)).Select(fault => fault.ToString()).ToList();
        if (faults.Count > 0)
            throw new OptionsValidationException(Options.DefaultName, typeof(PresenceOptions), faults);
        section.Bind(options);
    }
}
