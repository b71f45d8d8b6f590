using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Console;

namespace Presence.Host.Node;

/// <summary>Tells systemd when the server serves and when it stops, where a unit of <c>Type=notify</c> waits for that.</summary>
internal static class Supervision
{
    private const string Socket = "NOTIFY_SOCKET";

    /// <summary>
    /// Adds it where there is somebody to tell. The package's own way looks at the parent process instead, and a unit that hides
    /// other processes from its service would wait for ever.
    /// </summary>
    public static IServiceCollection AddSupervision(this IServiceCollection services) =>
        OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable(Socket) is { Length: > 0 }
            ? services
                .AddSingleton<ISystemdNotifier, SystemdNotifier>()
                .AddSingleton<IHostLifetime, SystemdLifetime>()
                .Configure<ConsoleLoggerOptions>(console => console.FormatterName = ConsoleFormatterNames.Systemd)
            : services;
}
