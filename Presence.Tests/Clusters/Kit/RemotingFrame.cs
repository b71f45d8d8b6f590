using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Presence.Actors.Serialization;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// One frame of Akka.Remote's TCP transport: four little-endian bytes of length, then an <c>AkkaProtocolMessage</c> (Akka's
/// <c>WireFormats.proto</c>). Only what a proxy must know is read.
/// </summary>
internal static class RemotingFrame
{
    public const int PrefixBytes = 4;

    // AkkaProtocolMessage { bytes payload = 1; AkkaControlMessage instruction = 2; }
    private const int Payload = 1;
    private const int Instruction = 2;

    // AkkaControlMessage { AkkaHandshakeInfo handshakeInfo = 2; }, AkkaHandshakeInfo { AddressData origin = 1; }, AddressData { uint32 port = 3; }
    private const int HandshakeInfo = 2;
    private const int Origin = 1;
    private const int Port = 3;

    // AckAndEnvelopeContainer { AcknowledgementInfo ack = 1; RemoteEnvelope envelope = 2; }, RemoteEnvelope { Payload message = 2; }
    private const int Ack = 1;
    private const int Envelope = 2;
    private const int Message = 2;

    // Payload { bytes message = 1; int32 serializerId = 2; bytes messageManifest = 3; }
    private const int Content = 1;
    private const int SerializerId = 2;
    private const int MessageManifest = 3;

    // MessageContainerSerializer; SelectionEnvelope { Payload payload = 1; }
    private const int SelectionSerializer = 6;
    private const int Selected = 1;

    public static int LengthOf(ReadOnlySpan<byte> prefix) => BinaryPrimitives.ReadInt32LittleEndian(prefix);

    /// <summary>The port under which the sender of a handshake is known; null for any other frame.</summary>
    public static int? OriginPort(byte[] frame) =>
        Bytes(frame, Instruction, PrefixBytes) is { } control && Bytes(control, HandshakeInfo) is { } handshake && Bytes(handshake, Origin) is { } address
            ? Number(address, Port)
            : null;

    /// <summary>The manifest of the message, if that is one of Presence's own; null if the frame is Akka's.</summary>
    public static string? Manifest(byte[] frame)
    {
        if (Bytes(frame, Payload, PrefixBytes) is not { } container || Bytes(container, Envelope) is not { } envelope || Bytes(envelope, Message) is not { } message)
            return null;
        // What goes to a path rather than to an actor that is known is wrapped once more.
        if (Number(message, SerializerId) == SelectionSerializer && Bytes(message, Content) is { } selection && Bytes(selection, Selected) is { } selected)
            message = selected;
        return Number(message, SerializerId) == PresenceSerializer.Id ? Encoding.UTF8.GetString(Bytes(message, MessageManifest) ?? []) : null;
    }

    /// <summary>
    /// The frame without its message: what it acknowledges of Akka's own travels along with whatever goes next, and losing that is
    /// not meant. Null if nothing is left.
    /// </summary>
    public static byte[]? WithoutMessage(byte[] frame)
    {
        if (Bytes(frame, Payload, PrefixBytes) is not { } container || Bytes(container, Ack) is not { } ack)
            return null;
        var inner = Field(Ack, ack);
        var outer = Field(Payload, inner);
        var bytes = new byte[PrefixBytes + outer.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, outer.Length);
        outer.CopyTo(bytes, PrefixBytes);
        return bytes;
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }

        return stream.ToArray();
    }

    private static byte[]? Bytes(byte[] message, int number, int offset = 0)
    {
        using var input = new CodedInputStream(message, offset, message.Length - offset);
        return Find(input, number, WireFormat.WireType.LengthDelimited) ? input.ReadBytes().ToByteArray() : null;
    }

    private static int? Number(byte[] message, int number)
    {
        using var input = new CodedInputStream(message);
        return Find(input, number, WireFormat.WireType.Varint) ? input.ReadInt32() : null;
    }

    private static bool Find(CodedInputStream input, int number, WireFormat.WireType type)
    {
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == type)
                return true;
            input.SkipLastField();
        }

        return false;
    }
}
