using System.Buffers;

namespace Presence.Client.Wire;

/// <summary>Writes the fields of one message of protocol buffers; every field of the protocol that a client sends is text or a message.</summary>
internal sealed class ProtobufWriter
{
    private const int Delimited = 2;

    private readonly ArrayBufferWriter<byte> _output = new(64);

    public void Write(int field, string text)
    {
        var size = Utf8.Strict.GetByteCount(text);
        WriteHead(field, size);
        Utf8.Strict.GetBytes(text, _output.GetSpan(size));
        _output.Advance(size);
    }

    public void Write(int field, ProtobufWriter message)
    {
        WriteHead(field, message._output.WrittenCount);
        _output.Write(message._output.WrittenSpan);
    }

    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    private void WriteHead(int field, int size)
    {
        var head = _output.GetSpan(2 * Varint.MostBytes);
        var length = Varint.Write(head, (uint)((field << 3) | Delimited));
        length += Varint.Write(head[length..], (uint)size);
        _output.Advance(length);
    }
}
