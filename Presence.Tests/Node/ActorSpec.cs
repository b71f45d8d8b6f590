using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Presence.Actors.Hosting;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Serialization;

namespace Presence.Tests.Node;

/// <summary>One actor among probes, with the settings of a server and every message through its serializer.</summary>
public abstract class ActorSpec(string? settings = null) : TestKit(NodeSettings(settings))
{
    protected static RelayId NewRelayId(int index = 0) => new(Random.Shared.Next(), index, 0);

    protected static Subject NewUser() => Subject.OfUser(new UserId(Guid.NewGuid()));

    protected static SessionStatus Shows(string status, long revision = 1, SessionId? session = null) =>
        new(session ?? SessionId.New(), "alice", status, revision);

    /// <summary>The settings of a spec, for another node of its cluster.</summary>
    protected static Config NodeSettings(string? settings) => ConfigurationFactory
        .ParseString(settings ?? "")
        .WithFallback(ConfigurationFactory.ParseString($$"""
            akka.actor {
              provider = cluster
              serializers.presence = "{{typeof(PresenceSerializer).AssemblyQualifiedName}}"
              serialization-bindings."{{typeof(IClusterMessage).AssemblyQualifiedName}}" = presence
            }
            akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
            akka.test.single-expect-default = 10s
            """))
        .WithFallback(HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "test.hocon")));
}
