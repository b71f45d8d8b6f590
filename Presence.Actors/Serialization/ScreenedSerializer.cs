using System.Collections.Immutable;
using Akka.Actor;
using Akka.Serialization;
using Akka.Util;

namespace Presence.Actors.Serialization;

/// <summary>
/// Lets some messages of one of Akka's serializers through and refuses the others (contract A4). Those that a node needs are named; the
/// rest is for actors that one node starts and supervises on another, which Presence never does, or makes an object of a type that the
/// message names. The bytes are Akka's.
/// </summary>
/// <param name="system">The actor system.</param>
/// <param name="name">The name of the serializer.</param>
/// <param name="id">Its number on the wire.</param>
/// <param name="inner">Akka's serializer.</param>
/// <param name="allowed">The manifests that pass: those of the serializer, or type names with their assembly.</param>
internal sealed class ScreenedSerializer(ExtendedActorSystem system, string name, int id, Serializer inner, ImmutableHashSet<string> allowed)
    : SerializerWithStringManifest(system)
{
    /// <inheritdoc/>
    public override int Identifier => id;

    /// <inheritdoc/>
    public override string Manifest(object o) =>
        inner is SerializerWithStringManifest named ? named.Manifest(o) : o.GetType().TypeQualifiedName();

    /// <inheritdoc/>
    /// <exception cref="RefusedMessageException">The message is none that passes.</exception>
    public override byte[] ToBinary(object obj)
    {
        Check(Manifest(obj));
        return inner.ToBinary(obj);
    }

    /// <inheritdoc/>
    /// <exception cref="RefusedMessageException">The message is none that passes.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        Check(manifest);
        // The manifest is one of a few, so the type that it names is one of Akka's.
        return inner is SerializerWithStringManifest named
            ? named.FromBinary(bytes, manifest)
            : inner.FromBinary(bytes, Type.GetType(manifest, throwOnError: true)!);
    }

    private void Check(string manifest)
    {
        if (!allowed.Contains(manifest ?? ""))
            throw new RefusedMessageException(name, manifest ?? "");
    }
}
