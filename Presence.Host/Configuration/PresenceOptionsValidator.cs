using Microsoft.Extensions.Options;

namespace Presence.Host.Configuration;

/// <summary>
/// Refuses options that the server could not keep, all faults at once: what has no place in the options or no meaning there, which the
/// binder is not given, and what is out of bounds.
/// </summary>
internal sealed class PresenceOptionsValidator(IHostEnvironment environment, IConfigurationSection section) : IValidateOptions<PresenceOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, PresenceOptions options)
    {
        var unbound = ConfigurationShape.Faults(section, typeof(PresenceOptions)).ToList();
        // An option that was not bound has its default; whatever is wrong with that is not what was configured.
        var wrong = options.Faults(environment.IsDevelopment())
            .Where(fault => !unbound.Exists(each => each.Key.Equals(fault.Key, StringComparison.OrdinalIgnoreCase)));
        var faults = unbound.Concat(wrong).Select(fault => fault.ToString()).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
