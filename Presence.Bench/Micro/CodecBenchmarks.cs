using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Presence.Actors.Connections;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Codecs.Wire;
using WireFormat = Presence.Actors.Connections.WireFormat;

namespace Presence.Bench.Micro;

/// <summary>What a message costs to write and to read, in both formats.</summary>
public class CodecBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly ServerMessage.StatusEvent _event = Cast.Event();
    private ReadOnlySequence<byte> _update;
    private ReadOnlySequence<byte> _follow;
    private EnvelopeCodec _codec = JsonCodec.Instance;

    /// <summary>The format.</summary>
    [Params("json", "protobuf")]
    public string Format { get; set; } = "json";

    /// <summary>Makes what is read.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _codec = EnvelopeCodec.Of(Format == "json" ? WireFormat.Json : WireFormat.Protobuf);
        _update = Form(new Envelope { Cid = "12", StatusUpdate = new StatusUpdate { Status = Cast.Status(1).Status } });
        var follow = new StatusFollow();
        follow.UserIds.AddRange(Enumerable.Range(1, 50).Select(i => Cast.UserNumber(i).ToString()));
        _follow = Form(new Envelope { Cid = "13", StatusFollow = follow });
    }

    /// <summary>A status event, old status and new.</summary>
    [Benchmark]
    public int EncodeStatusEvent()
    {
        _output.ResetWrittenCount();
        _codec.Encode(_event, _output);
        return _output.WrittenCount;
    }

    /// <summary>A status update of a usual length.</summary>
    [Benchmark]
    public object DecodeStatusUpdate() => _codec.Decode(_update);

    /// <summary>A follow of 50 users.</summary>
    [Benchmark]
    public object DecodeStatusFollow50() => _codec.Decode(_follow);

    private ReadOnlySequence<byte> Form(Envelope envelope) => new(Format == "json"
        ? Encoding.UTF8.GetBytes(new JsonFormatter(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true)).Format(envelope))
        : envelope.ToByteArray());
}
