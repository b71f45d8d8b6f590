namespace Presence.Client.Wire;

/// <summary>Reads the fields of one message of protocol buffers, in any order, unknown ones included.</summary>
/// <remarks>After <see cref="Next"/> exactly one of the others is called. All throw <see cref="FormatException"/> on what is no message.</remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int AsVarint = 0, AsEight = 1, AsBytes = 2, AsFour = 5;

    private ReadOnlySpan<byte> _rest = message;
    private int _kind;

    /// <summary>Whether the field is text or a message.</summary>
    public readonly bool IsBytes => _kind == AsBytes;

    /// <summary>Goes to the next field; false at the end.</summary>
    public bool Next(out int field)
    {
        field = 0;
        if (_rest.IsEmpty)
            return false;
        var tag = ReadVarint();
        if (tag is < 8 or > uint.MaxValue)
            throw Malformed();
        field = (int)(tag >> 3);
        _kind = (int)(tag & 7);
        return true;
    }

    public ReadOnlySpan<byte> Bytes()
    {
        if (_kind != AsBytes)
            throw Malformed();
        var length = ReadVarint();
        return Take(length > (ulong)_rest.Length ? throw Malformed() : (int)length);
    }

    public string Text()
    {
        try
        {
            return Utf8.Strict.GetString(Bytes());
        }
        catch (ArgumentException e)
        {
            throw new FormatException("Text that is not UTF-8.", e);
        }
    }

    public int Number() => _kind == AsVarint ? (int)ReadVarint() : throw Malformed();

    public void Skip()
    {
        switch (_kind)
        {
            case AsVarint:
                ReadVarint();
                break;
            case AsEight:
                Take(8);
                break;
            case AsBytes:
                Bytes();
                break;
            case AsFour:
                Take(4);
                break;
            default:
                throw Malformed();
        }
    }

    private static FormatException Malformed() => new("The server sent what is no protobuf message of the protocol.");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length)
            throw Malformed();
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            value |= (ulong)(_rest[i] & 0x7f) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }

        throw Malformed();
    }
}
