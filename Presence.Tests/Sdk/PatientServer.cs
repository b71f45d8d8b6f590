using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Links;
using Presence.Tests.Host;

namespace Presence.Tests.Sdk;

/// <summary>
/// A server that holds the first frame back for longer than any client in this process has to wait for a thread: the .NET SDK throws away what
/// comes with the bytes that accept its connection.
/// </summary>
public sealed class PatientServer : ServerFixture
{
    protected override void Adapt(IServiceCollection services) => services.AddSingleton(provider =>
        LinkTimes.Of(provider.GetRequiredService<IOptions<PresenceOptions>>().Value.Limits) with { FirstFrameHold = 2000 });
}
