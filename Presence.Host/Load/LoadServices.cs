using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Links.Loops;

namespace Presence.Host.Load;

/// <summary>Measures the load of a node, and sheds new work when there is too much (contract L5).</summary>
internal static class LoadServices
{
    /// <summary>Adds <see cref="ILoadState"/>, <see cref="LoadShedding"/> and what measures.</summary>
    public static IServiceCollection AddPresenceLoad(this IServiceCollection services) => services
        .AddSingleton(provider =>
        {
            var loops = provider.GetRequiredService<LoopSet>().All;
            return new LoadSources { PostedWork = () => loops.Sum(loop => (long)loop.Posted) };
        })
        .AddSingleton(provider => new LoadMonitor(
            provider.GetRequiredService<LoopSet>().All,
            provider.GetRequiredService<LoadSources>(),
            provider.GetRequiredService<IOptions<PresenceOptions>>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<LoadMonitor>>()))
        .AddSingleton<ILoadState>(provider => provider.GetRequiredService<LoadMonitor>())
        .AddSingleton<LoadShedding>()
        .AddHostedService(provider => provider.GetRequiredService<LoadMonitor>());
}
