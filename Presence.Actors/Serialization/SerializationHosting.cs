using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Hosting;
using Akka.Remote.Serialization;
using Akka.Serialization;
using Akka.Util;
using Presence.Actors.Messages;

namespace Presence.Actors.Serialization;

/// <summary>Puts the serializer to work, and lets nothing else in than Akka's own messages.</summary>
public static class SerializationHosting
{
    /// <summary>Binds <see cref="PresenceSerializer"/> to every <see cref="IClusterMessage"/>.</summary>
    public static AkkaConfigurationBuilder AddPresenceSerializer(this AkkaConfigurationBuilder builder) =>
        builder.WithCustomSerializer("presence", [typeof(IClusterMessage)], system => new PresenceSerializer(system));

    /// <summary>
    /// Replaces those of Akka's serializers with which a node could be made to create an object of any type (contract A4). What is left are
    /// Akka's messages of fixed schemas: membership, sharding, replicated data, selections, death watch, and the primitive values in them.
    /// </summary>
    /// <remarks>
    /// A system that serializes its local messages as well, as those of specs do, needs the serializers that this replaces: Akka has local
    /// messages that no node sends.
    /// </remarks>
    public static AkkaConfigurationBuilder RefuseForeignMessages(this AkkaConfigurationBuilder builder) => builder
        // An alias that Akka has already replaces that serializer, for what is sent and what comes in.
        .AddHocon("akka.log-serializer-override-on-start = off", HoconAddMode.Prepend)
        // Everything that nothing else is bound to. The type comes from the message.
        .Refuse("json", 1, typeof(object))
        // Any generated type, by its name.
        .Refuse("proto", 2)
        // An actor of any class, to be started here for another node.
        .Refuse("daemon-create", 3)
        // Failures carry exceptions, and so types, by name; the routers and scopes are for actors that are started on other nodes.
        .Screen("akka-misc", 16, system => new MiscMessageSerializer(system), "ID", "AID", "AR", "RWHB", "RWHR")
        // The others would let a peer stop, restart or fail any actor of this node.
        .Screen("akka-system-msg", 22, system => new SystemMessageSerializer(system), NameOf<Watch>(), NameOf<Unwatch>(), NameOf<DeathWatchNotification>());

    // Names and numbers are those of Akka's reference configuration.
    private static AkkaConfigurationBuilder Refuse(this AkkaConfigurationBuilder builder, string name, int id, params Type[] bound) =>
        builder.WithCustomSerializer(name, bound, system => new RefusedSerializer(system, name, id));

    private static AkkaConfigurationBuilder Screen(
        this AkkaConfigurationBuilder builder, string name, int id, Func<ExtendedActorSystem, Serializer> akkas, params string[] allowed) =>
        builder.WithCustomSerializer(name, [], system => new ScreenedSerializer(system, name, id, akkas(system), [.. allowed]));

    private static string NameOf<T>() => typeof(T).TypeQualifiedName();
}
