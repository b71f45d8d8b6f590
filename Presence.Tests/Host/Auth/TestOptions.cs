using Microsoft.Extensions.Options;
using Presence.Host.Configuration;

namespace Presence.Tests.Host.Auth;

/// <summary>Options as Development has them, changed as a test wants them.</summary>
internal static class TestOptions
{
    public static IOptions<PresenceOptions> With(Action<SessionSettings>? change = null)
    {
        var options = new PresenceOptions();
        options.ApplyDevelopmentDefaults();
        change?.Invoke(options.Session);
        return Options.Create(options);
    }
}
