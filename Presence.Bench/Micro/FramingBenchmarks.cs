using System.Buffers;
using BenchmarkDotNet.Attributes;
using Presence.Actors.Connections;
using Presence.Bench.Wire;
using Presence.Host.Links.Framing;

namespace Presence.Bench.Micro;

/// <summary>What a WebSocket frame costs to read, unmasking included.</summary>
public class FramingBenchmarks
{
    private const int Frames = 16;
    private const int MaxMessageBytes = 65_536;

    private readonly WebSocketFraming _framing = NewFraming();
    private ReadOnlySequence<byte> _input;

    /// <summary>The length of a payload, in bytes.</summary>
    [Params(80, 2000)]
    public int Payload { get; set; }

    /// <summary>Makes the frames.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        var frame = new byte[ClientFrame.MaxHeader + Payload];
        frame.AsSpan().Fill((byte)'x');
        var start = ClientFrame.Frame(frame, Opcode.Text, Payload);
        _input = new ReadOnlySequence<byte>([.. Enumerable.Repeat(frame[start..], Frames).SelectMany(f => f)]);
    }

    /// <summary>Gives back what reading holds.</summary>
    [GlobalCleanup]
    public void Release() => _framing.Dispose();

    /// <summary>A text frame, one of several that came together.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public long ReadFrame()
    {
        var (input, length) = (_input, 0L);
        while (_framing.TryRead(ref input, out var frame))
            length += frame.Payload.Length;
        return length;
    }

    private static WebSocketFraming NewFraming() => new(WireFormat.Json, MaxMessageBytes);
}
