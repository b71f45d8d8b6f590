using Google.Protobuf.Reflection;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// Checks the tags of an encoded protobuf message: wire types 6 and 7 and field number 0 do not exist. The parser of
/// Google.Protobuf skips a field with such a wire type as if it had no content, so the bytes after it would be read as
/// something that nobody has sent (contract L3).
/// </summary>
internal static class ProtobufTags
{
    // As deep as the parser goes. It refuses what is nested deeper.
    private const int Depth = 100;

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        LengthDelimited = 2,
        StartGroup = 3,
        EndGroup = 4,
        Fixed32 = 5,
    }

    /// <summary>
    /// Whether each tag is valid, also in the messages of known fields. Everything else, such as a length beyond the end, is
    /// left to the parser. Allocates nothing; takes linear time.
    /// </summary>
    /// <param name="message">The encoded message.</param>
    /// <param name="type">The type of the message.</param>
    public static bool AreValid(ReadOnlySpan<byte> message, MessageDescriptor type) => AreValid(message, type, Depth);

    private static bool AreValid(ReadOnlySpan<byte> rest, MessageDescriptor type, int depth)
    {
        // What is in a group belongs to an unknown field: the schema has no groups.
        var groups = 0;
        while (!rest.IsEmpty)
        {
            if (!TryReadVarint(ref rest, out var tag))
                return true;
            if (tag >> 3 == 0)
                return false;
            var length = 0u;
            switch ((WireType)(tag & 7))
            {
                case WireType.Varint when TryReadVarint(ref rest, out _):
                    break;
                case WireType.Varint:
                    return true;
                case WireType.Fixed64:
                    length = 8;
                    break;
                case WireType.Fixed32:
                    length = 4;
                    break;
                case WireType.LengthDelimited when TryReadVarint(ref rest, out length):
                    break;
                case WireType.LengthDelimited:
                    return true;
                case WireType.StartGroup:
                    groups++;
                    break;
                case WireType.EndGroup:
                    groups--;
                    break;
                default:
                    return false;
            }

            if (length > (uint)rest.Length || groups < 0)
                return true;
            if ((WireType)(tag & 7) == WireType.LengthDelimited && groups == 0 && depth > 0
                && type.FindFieldByNumber((int)(tag >> 3)) is { FieldType: FieldType.Message } field
                && !AreValid(rest[..(int)length], field.MessageType, depth - 1))
                return false;
            rest = rest[(int)length..];
        }

        return true;
    }

    /// <summary>Reads as the parser does: at most ten bytes, of which the lowest 32 bits count.</summary>
    internal static bool TryReadVarint(ref ReadOnlySpan<byte> rest, out uint value)
    {
        ulong read = 0;
        for (var i = 0; i < rest.Length && i < 10; i++)
        {
            read |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] >= 0x80)
                continue;
            rest = rest[(i + 1)..];
            value = (uint)read;
            return true;
        }

        value = 0;
        return false;
    }
}
