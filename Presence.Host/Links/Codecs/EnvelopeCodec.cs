using System.Buffers;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// Turns one message of the realtime protocol into bytes and back, in one format. Codecs hold no state: one instance serves
/// all links, from any thread.
/// </summary>
/// <remarks>
/// A codec sees whole messages: how they are told apart on a link is the framing's business. The only message that is not
/// the codec's to choose a format for is the answer to a <see cref="Hello"/>.
/// </remarks>
internal abstract class EnvelopeCodec
{
    /// <summary>The codec of a format.</summary>
    public static EnvelopeCodec Of(WireFormat format) => format == WireFormat.Protobuf ? ProtobufCodec.Instance : JsonCodec.Instance;

    /// <summary>
    /// Reads one message of a client. Never throws because of the bytes: those that are no message come out as
    /// <see cref="ClientRequest.Malformed"/>, a message that is not served as <see cref="ClientRequest.Refused"/>.
    /// </summary>
    public abstract ClientRequest Decode(in ReadOnlySequence<byte> message);

    /// <summary>Writes one message.</summary>
    public abstract void Encode(ServerMessage message, IBufferWriter<byte> output);

    /// <summary>The most bytes that a presence takes in a message.</summary>
    public abstract int MostBytesOf(in UserSession presence);

    /// <summary>The most bytes that a cid takes in a message.</summary>
    public abstract int MostBytesOf(string? cid);

    /// <summary>What bytes that are no message come out as.</summary>
    /// <param name="why">A text for a person, which quotes nothing that the client sent.</param>
    protected static ClientRequest.Malformed Malformed(string why) =>
        new(ErrorCode.BadInput, why, CloseReason.Malformed);
}
