using System.Buffers;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Framing;

/// <summary>
/// How messages are told apart in the bytes of one link. Pure: bytes in, frames out, no clock and no socket. An instance
/// belongs to one link, reads on one thread at a time, and holds memory only while a message is incomplete or being handled;
/// writing touches no state and may go on beside reading.
/// </summary>
internal abstract class MessageFraming : IDisposable
{
    private bool _hasEnded;

    /// <param name="maxMessageBytes">The longest message that is taken, in bytes of payload (protocol difference 0.6).</param>
    protected MessageFraming(int maxMessageBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxMessageBytes);
        MaxMessageBytes = maxMessageBytes;
    }

    /// <summary>The longest message that is taken, in bytes of payload.</summary>
    public int MaxMessageBytes { get; }

    /// <summary>
    /// How many frames the last read has passed over without giving them out, since there is nothing to handle about them: empty lines.
    /// </summary>
    public int Skipped { get; protected set; }

    /// <summary>
    /// Whether the last read has left a line over that only lacks the line feed behind its carriage return: the two usually come
    /// together.
    /// </summary>
    public virtual bool AwaitsLineFeed => false;

    /// <summary>Whether this framing has pings, pongs and close frames; without them writing one writes nothing.</summary>
    public abstract bool HasControlFrames { get; }

    /// <summary>
    /// Takes the next frame from the front of the input. The input shrinks by what was taken; what is left over is to be
    /// given again, with more behind it, when false was returned. The payload of the frame before is invalid from now on.
    /// Behind a close or a violation everything is swallowed. At most one frame is left over, so an input that can grow to the
    /// longest message and a header never runs full.
    /// </summary>
    public bool TryRead(ref ReadOnlySequence<byte> input, out InboundFrame frame)
    {
        ReleasePayload();
        Skipped = 0;
        if (_hasEnded)
        {
            input = input.Slice(input.End);
            frame = default;
            return false;
        }

        if (!TryReadFrame(ref input, out frame))
            return false;
        _hasEnded = frame.Kind is FrameKind.Close or FrameKind.Violation;
        if (_hasEnded)
            input = input.Slice(input.End);
        return true;
    }

    /// <summary>How many bytes a message of this length takes on the link.</summary>
    public abstract int FrameLength(int payloadLength);

    /// <summary>Writes what goes before a message of this length, for those who prepare frames.</summary>
    public abstract void WriteHeader(IBufferWriter<byte> output, int payloadLength);

    /// <summary>Writes what goes behind a message.</summary>
    public virtual void WriteTrailer(IBufferWriter<byte> output)
    {
    }

    /// <summary>Writes one message.</summary>
    public void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        WriteHeader(output, payload.Length);
        output.Write(payload);
        WriteTrailer(output);
    }

    /// <summary>Writes a ping.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="payload">What the answer repeats, at most 125 bytes.</param>
    public virtual void WritePing(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
    }

    /// <summary>Writes the answer to a ping.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="payload">The payload of the ping, at most 125 bytes.</param>
    public virtual void WritePong(IBufferWriter<byte> output, in ReadOnlySequence<byte> payload)
    {
    }

    /// <summary>Writes a close.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="code">The close code; <see cref="InboundFrame.NoCloseCode"/> writes a close without code and text.</param>
    /// <param name="text">The reason for a person; cut to what fits, 123 bytes of UTF-8, between two characters.</param>
    public virtual void WriteClose(IBufferWriter<byte> output, ushort code, string text)
    {
    }

    /// <summary>Gives back what reassembly holds. The last payload is invalid from now on, and nothing more is read.</summary>
    public void Dispose()
    {
        _hasEnded = true;
        ReleasePayload();
        ReleaseFragments();
    }

    /// <summary>
    /// Takes the next frame; called while there has been neither a close nor a violation. What is left of the input behind
    /// one of those does not matter.
    /// </summary>
    protected abstract bool TryReadFrame(ref ReadOnlySequence<byte> input, out InboundFrame frame);

    /// <summary>What the client is told of a message above the limit.</summary>
    protected ClientRequest.Malformed TooBig() =>
        Fault($"The message is longer than {MaxMessageBytes} bytes.", CloseReason.TooBig);

    /// <summary>What the client is told of a broken rule.</summary>
    protected static ClientRequest.Malformed Fault(string message, CloseReason reason) => new(ErrorCode.BadInput, message, reason);

    /// <summary>Gives back the memory of the payload that was handed out last.</summary>
    protected virtual void ReleasePayload()
    {
    }

    /// <summary>Gives back the memory of a message that never became whole.</summary>
    protected virtual void ReleaseFragments()
    {
    }
}
