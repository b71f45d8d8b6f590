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
    private readonly Func<ServerMessage.StatusEvent, byte[]> _form;

    protected EnvelopeCodec() => _form = message =>
    {
        var output = new ArrayBufferWriter<byte>(512);
        Write(message, output);
        return output.WrittenSpan.ToArray();
    };

    /// <summary>The format that this codec reads and writes.</summary>
    public abstract WireFormat Format { get; }

    /// <summary>The codec of a format.</summary>
    public static EnvelopeCodec Of(WireFormat format) => format == WireFormat.Protobuf ? ProtobufCodec.Instance : JsonCodec.Instance;

    /// <summary>
    /// Reads one message of a client. Never throws because of the bytes: those that are no message come out as
    /// <see cref="ClientRequest.Malformed"/>, a message that is not served as <see cref="ClientRequest.Refused"/>.
    /// </summary>
    public abstract ClientRequest Decode(in ReadOnlySequence<byte> message);

    /// <summary>Writes one message. An event is encoded once for all its followers, and copied for each.</summary>
    public void Encode(ServerMessage message, IBufferWriter<byte> output)
    {
        if (message is ServerMessage.StatusEvent change)
            output.Write(Form(change).Span);
        else
            Write(message, output);
    }

    /// <summary>An event as this codec writes it, for those who frame it themselves.</summary>
    public ReadOnlyMemory<byte> Form(ServerMessage.StatusEvent message) => message.Form(Format, _form);

    /// <summary>Writes one message without looking for a form that was made before.</summary>
    protected abstract void Write(ServerMessage message, IBufferWriter<byte> output);

    /// <summary>What bytes that are no message come out as.</summary>
    /// <param name="why">A text for a person, which quotes nothing that the client sent.</param>
    protected static ClientRequest.Malformed Malformed(string why) =>
        new(ErrorCode.BadInput, why, CloseReason.Malformed);
}
