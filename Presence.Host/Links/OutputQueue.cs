namespace Presence.Host.Links;

/// <summary>
/// Frames on their way out, in order. It holds references: a frame that a thousand links have to send exists once. A frame is
/// never written to after it was added.
/// </summary>
internal struct OutputQueue
{
    // An idle link keeps a ring of this size at most, so that a steady flow allocates nothing and a burst is forgotten.
    private const int Kept = 16;

    private byte[][]? _ring;
    private int _head;
    private int _count;

    // How much of the first frame has gone out.
    private int _offset;

    /// <summary>How many bytes are waiting.</summary>
    public int Length { get; private set; }

    /// <summary>Adds a frame behind all others.</summary>
    public void Add(byte[] frame)
    {
        if (_ring is null)
            _ring = new byte[2][];
        else if (_count == _ring.Length)
            Grow(_ring);
        _ring[(_head + _count) & (_ring.Length - 1)] = frame;
        _count++;
        Length += frame.Length;
    }

    /// <summary>Copies as much as there is room for, and takes nothing away.</summary>
    /// <returns>How many bytes were copied.</returns>
    public readonly int CopyTo(Span<byte> room)
    {
        var copied = 0;
        var offset = _offset;
        for (var i = 0; i < _count && copied < room.Length; i++)
        {
            var rest = _ring![(_head + i) & (_ring.Length - 1)].AsSpan(offset);
            offset = 0;
            var piece = rest[..Math.Min(rest.Length, room.Length - copied)];
            piece.CopyTo(room[copied..]);
            copied += piece.Length;
        }

        return copied;
    }

    /// <summary>Takes bytes away that have gone out.</summary>
    public void Remove(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Length);
        Length -= bytes;
        while (bytes > 0)
        {
            var rest = _ring![_head].Length - _offset;
            if (bytes < rest)
            {
                _offset += bytes;
                return;
            }

            bytes -= rest;
            _offset = 0;
            _ring[_head] = null!;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
        }

        if (_count > 0 || _ring is null || _ring.Length <= Kept)
            return;
        _ring = null;
        _head = 0;
    }

    /// <summary>Forgets everything that is waiting.</summary>
    public void Clear()
    {
        _ring = null;
        _head = _count = _offset = Length = 0;
    }

    private void Grow(byte[][] ring)
    {
        var larger = new byte[ring.Length * 2][];
        for (var i = 0; i < _count; i++)
            larger[i] = ring[(_head + i) & (ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
