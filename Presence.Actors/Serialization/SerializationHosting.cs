using Akka.Hosting;
using Presence.Actors.Messages;

namespace Presence.Actors.Serialization;

/// <summary>Puts the serializer to work.</summary>
public static class SerializationHosting
{
    /// <summary>Binds <see cref="PresenceSerializer"/> to every <see cref="IClusterMessage"/>.</summary>
    public static AkkaConfigurationBuilder AddPresenceSerializer(this AkkaConfigurationBuilder builder) =>
        builder.WithCustomSerializer("presence", [typeof(IClusterMessage)], system => new PresenceSerializer(system));
}
