using Microsoft.Extensions.Options;

namespace Presence.Host.Configuration;

/// <summary>Refuses options that the server could not keep, all faults at once.</summary>
internal sealed class PresenceOptionsValidator(IHostEnvironment environment) : IValidateOptions<PresenceOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, PresenceOptions options)
    {
        var faults = options.Faults(environment.IsDevelopment()).Select(fault => fault.ToString()).ToList();
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
