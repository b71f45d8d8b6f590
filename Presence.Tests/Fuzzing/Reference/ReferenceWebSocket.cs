using System.Net.WebSockets;
using System.Text;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>What the WebSocket of .NET reads from the bytes of a client.</summary>
internal static class ReferenceWebSocket
{
    /// <summary>Reads until the end of the bytes, a close or a fault.</summary>
    public static Transcript Read(byte[] input)
    {
        using var stream = new Duplex(input);
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = Timeout.InfiniteTimeSpan });
        var messages = new List<(WebSocketMessageType Type, string Payload)>();
        var message = new List<byte>();
        var buffer = new byte[4096];
        while (true)
        {
            ValueWebSocketReceiveResult result;
            try
            {
                // Nothing of the stream waits, so this is always complete.
                var receive = socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                result = receive.AsTask().GetAwaiter().GetResult();
            }
            catch (WebSocketException fault)
            {
                var isAtEnd = fault.WebSocketErrorCode == WebSocketError.ConnectionClosedPrematurely;
                return new Transcript(messages, stream.Pongs(), 0, isAtEnd, stream.FaultCode(), $"{fault.WebSocketErrorCode} {stream.FaultCode()}");
            }

            if (result.MessageType == WebSocketMessageType.Close)
                return new Transcript(messages, stream.Pongs(), (int)(socket.CloseStatus ?? WebSocketCloseStatus.Empty), true, 0, "close");
            message.AddRange(buffer.AsSpan(0, result.Count));
            if (!result.EndOfMessage)
                continue;
            messages.Add((result.MessageType, Encoding.Latin1.GetString([.. message])));
            message.Clear();
        }
    }

    /// <summary>What was read.</summary>
    /// <param name="Messages">Whole messages, in order.</param>
    /// <param name="Pongs">The payloads of the pongs that were written.</param>
    /// <param name="CloseCode">The code of the close; 1000 for a close without a code, and 0 if there was no close.</param>
    /// <param name="IsAtEnd">Whether the bytes ended before anything was wrong.</param>
    /// <param name="FaultCode">The code with which the WebSocket closes when a rule is broken; 1007 is for a text that is not UTF-8.</param>
    /// <param name="End">How it ended.</param>
    public sealed record Transcript(
        IReadOnlyList<(WebSocketMessageType Type, string Payload)> Messages, IReadOnlyList<string> Pongs, int CloseCode, bool IsAtEnd, int FaultCode, string End);

    private sealed class Duplex(byte[] input) : Stream
    {
        private readonly MemoryStream _output = new();
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        /// <summary>The payloads of the pongs that were written: unmasked frames of at most 125 bytes.</summary>
        public List<string> Pongs()
        {
            var bytes = _output.ToArray();
            var pongs = new List<string>();
            for (var at = 0; at + 2 <= bytes.Length; at += 2 + bytes[at + 1])
            {
                if (bytes[at] == 0x8a)
                    pongs.Add(Encoding.Latin1.GetString(bytes, at + 2, bytes[at + 1]));
            }

            return pongs;
        }

        /// <summary>The code of the close frame that was written; 0 if there was none.</summary>
        public int FaultCode()
        {
            var bytes = _output.ToArray();
            for (var at = 0; at + 4 <= bytes.Length; at += 2 + bytes[at + 1])
            {
                if (bytes[at] == 0x88)
                    return (bytes[at + 2] << 8) | bytes[at + 3];
            }

            return 0;
        }

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, input.Length - _at);
            input.AsSpan(_at, count).CopyTo(buffer);
            _at += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

        public override void Write(ReadOnlySpan<byte> buffer) => _output.Write(buffer);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _output.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
