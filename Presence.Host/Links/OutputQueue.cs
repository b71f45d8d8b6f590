namespace Presence.Host.Links;

/// <summary>
/// Frames on their way out, in order. It holds references: a frame that a thousand links have to send exists once. A frame is
/// never written to after it was added.
/// </summary>
internal struct OutputQueue
{
    // An idle link keeps a ring of this size at most, so that a steady flow allocates nothing and a burst is forgotten.
    private const int Kept = 16;

    // The frame to go out next, and a ring of those behind it: a link that keeps up has no more than one, and needs no ring.
    private byte[]? _first;
    private byte[][]? _ring;
    private int _head;
    private int _behind;

    // How much of the first frame has gone out.
    private int _offset;

    /// <summary>How many bytes are waiting.</summary>
    public int Length { get; private set; }

    /// <summary>Adds a frame behind all others.</summary>
    public void Add(byte[] frame)
    {
        Length += frame.Length;
        if (_first is null)
        {
            _first = frame;
            return;
        }

        if (_ring is null)
            _ring = new byte[2][];
        else if (_behind == _ring.Length)
            Grow(_ring);
        _ring[(_head + _behind) & (_ring.Length - 1)] = frame;
        _behind++;
    }

    /// <summary>Copies as much as there is room for, and takes nothing away.</summary>
    /// <returns>How many bytes were copied.</returns>
    public readonly int CopyTo(Span<byte> room)
    {
        if (_first is null)
            return 0;
        var copied = Copy(_first.AsSpan(_offset), room);
        for (var i = 0; i < _behind && copied < room.Length; i++)
            copied += Copy(_ring![(_head + i) & (_ring.Length - 1)], room[copied..]);
        return copied;
    }

    /// <summary>Takes bytes away that have gone out.</summary>
    public void Remove(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Length);
        Length -= bytes;
        while (bytes > 0)
        {
            var rest = _first!.Length - _offset;
            if (bytes < rest)
            {
                _offset += bytes;
                return;
            }

            bytes -= rest;
            Advance();
        }
    }

    /// <summary>Forgets everything that is waiting.</summary>
    public void Clear()
    {
        _first = null;
        _ring = null;
        _head = _behind = _offset = Length = 0;
    }

    private static int Copy(ReadOnlySpan<byte> frame, Span<byte> room)
    {
        var piece = frame[..Math.Min(frame.Length, room.Length)];
        piece.CopyTo(room);
        return piece.Length;
    }

    private void Advance()
    {
        _offset = 0;
        if (_behind == 0)
        {
            _first = null;
            if (_ring is null || _ring.Length <= Kept)
                return;
            _ring = null;
            _head = 0;
            return;
        }

        _first = _ring![_head];
        _ring[_head] = null!;
        _head = (_head + 1) & (_ring.Length - 1);
        _behind--;
    }

    private void Grow(byte[][] ring)
    {
        var larger = new byte[ring.Length * 2][];
        for (var i = 0; i < ring.Length; i++)
            larger[i] = ring[(_head + i) & (ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
