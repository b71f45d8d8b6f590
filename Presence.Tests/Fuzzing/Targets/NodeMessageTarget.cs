using System.Runtime.Serialization;
using System.Text.Json;
using Google.Protobuf.Reflection;
using Presence.Actors.Serialization;
using Presence.Actors.Serialization.V1;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>
/// Messages between nodes: the first byte says which, the rest is the message. What cannot be read is refused with the one exception
/// that costs the message alone, and what was read comes out of a round trip as it went in.
/// </summary>
internal sealed class NodeMessageTarget : FuzzTarget
{
    private static readonly (string Manifest, MessageDescriptor Form)[] Messages =
    [
        (PresenceSerializer.NodeReportManifest, NodeReport.Descriptor), (PresenceSerializer.ReportAcceptedManifest, ReportAccepted.Descriptor),
        (PresenceSerializer.PresenceChangedManifest, PresenceChanged.Descriptor), (PresenceSerializer.AskReportManifest, AskReport.Descriptor),
        (PresenceSerializer.RelayRetiredManifest, RelayRetired.Descriptor), (PresenceSerializer.BookQueryManifest, BookQuery.Descriptor),
        (PresenceSerializer.BookAnswerManifest, BookAnswer.Descriptor), (PresenceSerializer.PeerBatchManifest, PeerBatch.Descriptor),
        (PresenceSerializer.PeerBatchAcceptedManifest, PeerBatchAccepted.Descriptor), (PresenceSerializer.AnnouncementManifest, Announcement.Descriptor),
        (PresenceSerializer.AnnouncementAcceptedManifest, AnnouncementAccepted.Descriptor),
    ];

    // It reads no configuration.
    private readonly PresenceSerializer _serializer = new(null!);

    public override string Name => "node";

    public override int AllocationPerByte => 160;

    public override byte[][] Words { get; } =
    [
        [0x0a, 0x14, 0x0a, 0x12, 0x09], [0x12, 0x09, 0x0d, 0xfe, 0xff, 0xff, 0xff, 0x10, 0x03, 0x18, 0x01], [0x0a, 0x00], [0x12, 0x00], [0x1a, 0x00], [0x22, 0x00], [0x0b], [0x0c],
        [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x20, 0x80, 0xd7, 0xe4, 0xf3, 0xb6, 0xbb, 0xd2, 0xef, 0x08], [0x80, 0x80, 0x80, 0x20],
    ];

    public override string Check(byte[] input)
    {
        if (input.Length == 0)
            return "empty";
        var manifest = Messages[input[0] % Messages.Length].Manifest;
        object message;
        try
        {
            message = Measured(input.Length, () => _serializer.FromBinary(input[1..], manifest));
        }
        catch (SerializationException)
        {
            return $"{manifest} refused";
        }

        FuzzFailure.UnlessEqual(manifest, _serializer.Manifest(message), "the manifest");
        var written = _serializer.ToBinary(message);
        var again = _serializer.FromBinary(written, manifest);
        FuzzFailure.UnlessEqual(Structure(message), Structure(again), "a message comes out of a round trip changed");
        FuzzFailure.Unless(written.AsSpan().SequenceEqual(_serializer.ToBinary(again)), "the bytes of a message change from one round trip to the next");
        return manifest;
    }

    protected override byte[] Generate(FuzzRandom random)
    {
        var kind = random.Below(Messages.Length);
        return [(byte)kind, .. ProtobufGrammar.Message(random, Messages[kind].Form)];
    }

    private static string Structure(object message) => JsonSerializer.Serialize(message, message.GetType());
}
