using Akka.Actor;
using Akka.Serialization;
using Akka.Util;

namespace Presence.Actors.Serialization;

/// <summary>
/// Stands where Akka has a serializer that makes an object of whatever type a message names, and neither writes nor reads anything
/// (contract A4). What travels between nodes has a serializer of its own.
/// </summary>
/// <remarks>
/// It takes the number of the serializer that it replaces: the sender of a message chooses by that number who reads it. The manifest stays
/// a text, so that the type that it names is not even looked up.
/// </remarks>
/// <param name="system">The actor system.</param>
/// <param name="name">The name of the serializer that it replaces.</param>
/// <param name="id">The number of that serializer.</param>
internal sealed class RefusedSerializer(ExtendedActorSystem system, string name, int id) : SerializerWithStringManifest(system)
{
    /// <inheritdoc/>
    public override int Identifier => id;

    /// <inheritdoc/>
    public override string Manifest(object o) => o.GetType().TypeQualifiedName();

    /// <inheritdoc/>
    /// <exception cref="RefusedMessageException">Always.</exception>
    public override byte[] ToBinary(object obj) => throw new RefusedMessageException(name, Manifest(obj));

    /// <inheritdoc/>
    /// <exception cref="RefusedMessageException">Always.</exception>
    public override object FromBinary(byte[] bytes, string manifest) => throw new RefusedMessageException(name, manifest ?? "");
}
