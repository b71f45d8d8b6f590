using System.Text;
using System.Text.Unicode;
using Google.Protobuf.Reflection;
using Presence.Host.Links.Codecs.Wire;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// Looks at an envelope that the parser has refused: whether texts that are not UTF-8 are all that is wrong with it. Such a message can
/// be delimited, so it is answered with its cid and the connection stays (contract L3).
/// </summary>
internal static class ProtobufTexts
{
    // The parser goes a little deeper. What is nested so deep is refused whatever its texts are.
    private const int Depth = 90;

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        LengthDelimited = 2,
        StartGroup = 3,
        EndGroup = 4,
        Fixed32 = 5,
    }

    /// <summary>Whether the message is a whole envelope in which at least one text is not UTF-8, and nothing else is wrong.</summary>
    /// <param name="message">The encoded message.</param>
    /// <param name="cid">The last cid of the envelope; null if it has none, or if that is not UTF-8.</param>
    public static bool AreAllThatIsWrong(ReadOnlySpan<byte> message, out string? cid)
    {
        cid = null;
        var hasBadText = false;
        var rest = message;
        while (!rest.IsEmpty)
        {
            if (!TryReadField(ref rest, 0, out var number, out var type, out var content))
                return false;
            if (type != WireType.LengthDelimited)
                continue;
            if (number == Envelope.CidFieldNumber)
            {
                var isText = Utf8.IsValid(content);
                cid = isText && !content.IsEmpty ? Encoding.UTF8.GetString(content) : null;
                hasBadText |= !isText;
            }
            else if (IncomingEnvelope.IsMember(number) && !IsWhole(content, IncomingEnvelope.TypeOf(number), 1, ref hasBadText))
            {
                return false;
            }
        }

        return hasBadText;
    }

    /// <param name="rest">The encoded message.</param>
    /// <param name="type">Its type.</param>
    /// <param name="depth">How deep it is nested.</param>
    /// <param name="hasBadText">Becomes true if a text of a known field is not UTF-8.</param>
    private static bool IsWhole(ReadOnlySpan<byte> rest, MessageDescriptor type, int depth, ref bool hasBadText)
    {
        while (!rest.IsEmpty)
        {
            if (!TryReadField(ref rest, depth, out var number, out var wireType, out var content))
                return false;
            if (wireType != WireType.LengthDelimited || type.FindFieldByNumber(number) is not { } field)
                continue;
            if (field.FieldType == FieldType.String)
                hasBadText |= !Utf8.IsValid(content);
            else if (field.FieldType == FieldType.Message && !IsWhole(content, field.MessageType, depth + 1, ref hasBadText))
                return false;
        }

        return true;
    }

    /// <summary>Reads a field, a group with all that is in it; false if that is not whole.</summary>
    private static bool TryReadField(ref ReadOnlySpan<byte> rest, int depth, out int number, out WireType type, out ReadOnlySpan<byte> content)
    {
        (number, type) = (0, default);
        content = default;
        if (!ProtobufTags.TryReadVarint(ref rest, out var tag) || tag >> 3 == 0)
            return false;
        (number, type) = ((int)(tag >> 3), (WireType)(tag & 7));
        var length = 0u;
        switch (type)
        {
            case WireType.Varint:
                return ProtobufTags.TryReadVarint(ref rest, out _);
            case WireType.Fixed64:
                length = 8;
                break;
            case WireType.Fixed32:
                length = 4;
                break;
            case WireType.LengthDelimited when ProtobufTags.TryReadVarint(ref rest, out length):
                break;
            case WireType.StartGroup:
                return TrySkipGroup(ref rest, number, depth + 1);
            default:
                return false;
        }

        if (length > (uint)rest.Length)
            return false;
        content = rest[..(int)length];
        rest = rest[(int)length..];
        return true;
    }

    private static bool TrySkipGroup(ref ReadOnlySpan<byte> rest, int number, int depth)
    {
        while (depth < Depth && !rest.IsEmpty)
        {
            var next = rest;
            if (!ProtobufTags.TryReadVarint(ref next, out var tag))
                return false;
            if ((WireType)(tag & 7) == WireType.EndGroup)
            {
                rest = next;
                return tag >> 3 == number;
            }

            if (!TryReadField(ref rest, depth, out _, out _, out _))
                return false;
        }

        return false;
    }
}
