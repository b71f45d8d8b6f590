using System.Runtime.Serialization;

namespace Presence.Actors.Serialization;

/// <summary>
/// A message between nodes that is neither one of Presence nor one that Akka needs (contract A4). It costs that message alone, except for a
/// system message, of which none may be missing: over that Akka closes the connection.
/// </summary>
/// <param name="serializer">Akka's name of the serializer that would read or write it.</param>
/// <param name="manifest">What the sender says that it is; may be empty, and anything.</param>
public sealed class RefusedMessageException(string serializer, string manifest) : SerializationException(
    $"only messages of Presence, and those that Akka needs, pass between nodes; this one is for the serializer '{serializer}'"
    + (manifest.Length > 0 ? $" and says that it is '{manifest}'" : ""));
