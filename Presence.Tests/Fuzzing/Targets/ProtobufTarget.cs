using System.Buffers;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;
using Presence.Tests.Fuzzing.Reference;

namespace Presence.Tests.Fuzzing.Targets;

/// <summary>Protobuf messages of a client, beside a plain reader of the encoding.</summary>
internal sealed class ProtobufTarget : FuzzTarget
{
    public override string Name => "protobuf";

    public override byte[][] Words { get; } =
    [
        [0x0a, 0x01, (byte)'1'], [0xd2, 0x01, 0x00], [0xe2, 0x01, 0x00], [0xea, 0x01, 0x00], [0xea, 0x01, 0x02, 0x0a, 0x00], [0x82, 0x02, 0x00], [0x8a, 0x02, 0x00], [0x5a, 0x02, 0x1a, 0x00], [0xda, 0x01, 0x02, 0x12, 0x00],
        [0xca, 0x01, 0x02, 0x0a, 0x00], [0xba, 0x01, 0x02, 0x0a, 0x00], [0x0b], [0x0c], [0x0b, 0x0b, 0x0b, 0x0b], [0x0f], [0x07], [0x06], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], [0x80, 0x80, 0x80, 0x20],
    ];

    public override string Check(byte[] input)
    {
        var request = Measured(input.Length, () => ProtobufCodec.Instance.Decode(new ReadOnlySequence<byte>(input)));
        var actual = Describe.Request(request);
        if (ReferenceProtobuf.Envelope(input) is { } expected)
            FuzzFailure.UnlessEqual(expected, actual, "the request is not that of a plain reader");
        FuzzFailure.UnlessEqual(
            actual, Describe.Request(ProtobufCodec.Instance.Decode(Pieces.Sequence(input, FuzzRandom.Of(input)))), "the request depends on how the bytes are cut");
        Transcoding.Check(request);
        return actual.Split(' ')[0];
    }

    protected override byte[] Generate(FuzzRandom random) => ProtobufGrammar.Message(random, Envelope.Descriptor);
}
