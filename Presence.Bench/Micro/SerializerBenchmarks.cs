using Akka.Actor;
using BenchmarkDotNet.Attributes;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Serialization;

namespace Presence.Bench.Micro;

/// <summary>What a change costs to write for another node, and to read there.</summary>
public class SerializerBenchmarks
{
    private readonly PresenceChanged _changed = new(Cast.Subject, 7, 12, new BookPage(Cast.Here, Cast.Page(5)));
    private ActorSystem _system = null!;
    private PresenceSerializer _serializer = null!;
    private byte[] _bytes = [];

    /// <summary>Makes the serializer.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _system = ActorSystem.Create("micro", "akka.loglevel = OFF\nakka.stdout-loglevel = OFF");
        _serializer = new PresenceSerializer((ExtendedActorSystem)_system);
        _bytes = _serializer.ToBinary(_changed);
    }

    /// <summary>Ends what the serializer needed.</summary>
    [GlobalCleanup]
    public Task FinishAsync() => _system.Terminate();

    /// <summary>A change with the page of one connection.</summary>
    [Benchmark]
    public byte[] Write() => _serializer.ToBinary(_changed);

    /// <summary>The same.</summary>
    [Benchmark]
    public object Read() => _serializer.FromBinary(_bytes, PresenceSerializer.PresenceChangedManifest);
}
