namespace Presence.Client.Links;

/// <summary>Takes the messages out of a stream of bytes.</summary>
internal sealed class TcpInput(Stream stream)
{
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;
    private int _searched;
    private long _received;

    /// <summary>How many bytes have come; from any thread.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>The next message, valid until the next call; null at the end of the stream.</summary>
    /// <exception cref="FormatException">What came is no message.</exception>
    /// <exception cref="IOException">The stream broke, also in the middle of a message.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReceiveAsync(Framing framing, CancellationToken cancel)
    {
        while (true)
        {
            var isWhole = framing.TryTake(_buffer.AsSpan(_start.._end), ref _searched, out var message, out var taken);
            var (offset, length) = message.GetOffsetAndLength(_end - _start);
            var found = _buffer.AsMemory(_start + offset, length);
            _start += taken;
            if (isWhole)
                return found;
            _searched -= Math.Min(_searched, taken);
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancel).ConfigureAwait(false);
            if (read == 0)
                return _start == _end ? null : throw new IOException("The link ended in the middle of a message.");
            _end += read;
            Volatile.Write(ref _received, _received + read);
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _end < Link.MostIncomingBytes ? 2 * _end : throw new FormatException("The server sent a message that is too large."));
    }
}
