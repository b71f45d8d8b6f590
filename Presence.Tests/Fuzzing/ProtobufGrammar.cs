using Google.Protobuf.Reflection;

namespace Presence.Tests.Fuzzing;

/// <summary>Random protobuf messages of a schema, with unknown fields, wrong types, wrong lengths and repeated parts in some of them.</summary>
internal static class ProtobufGrammar
{
    private static readonly byte[][] Texts =
    [
        [], [.. "a"u8], [.. "8f96bc43-7008-4d2a-8be1-1e73859b3033"u8], [.. "caf\u00e9"u8], [0xf0, 0x9f, 0x98, 0x80], [0xff], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xe2, 0x82], [0],
        [.. "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"u8],
    ];

    private static readonly ulong[] Numbers =
        [0, 1, 2, 127, 128, 255, int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32, long.MaxValue, 1UL << 63, ulong.MaxValue, 0x2bca2875f4373fff, 0x2bca2875f4374000];

    /// <summary>A message of this kind.</summary>
    public static byte[] Message(FuzzRandom random, MessageDescriptor message, int depth = 8)
    {
        var bytes = new List<byte>();
        var fields = message.Fields.InDeclarationOrder();
        foreach (var field in fields)
        {
            // Of very many fields a few, or there would never be one alone.
            if (random.Below(fields.Count > 10 ? fields.Count : 6) > (fields.Count > 10 ? 1 : 4))
                continue;
            var times = field.IsRepeated ? random.Small(random.OneIn(12) ? 60 : 4) : random.OneIn(20) ? 2 : 1;
            for (; times > 0; times--)
                Field(bytes, random, field, depth);
        }

        if (random.OneIn(8))
            Unknown(bytes, random, depth);
        return [.. bytes];
    }

    private static void Field(List<byte> bytes, FuzzRandom random, FieldDescriptor field, int depth)
    {
        if (random.OneIn(60))
        {
            // A known number with any type.
            Value(bytes, random, field.FieldNumber, random.Below(8), depth);
            return;
        }

        switch (field.FieldType)
        {
            case FieldType.Message:
                var part = depth == 0 ? [] : Message(random, field.MessageType, depth - 1);
                Tag(bytes, field.FieldNumber, 2);
                Length(bytes, random, part.Length);
                bytes.AddRange(part);
                break;
            case FieldType.String or FieldType.Bytes:
                var text = random.OneIn(12) ? random.Any(Texts) : random.Any(Texts.AsSpan(0, 5));
                Tag(bytes, field.FieldNumber, 2);
                Length(bytes, random, text.Length);
                bytes.AddRange(text);
                break;
            case FieldType.Fixed64 or FieldType.SFixed64 or FieldType.Double:
                Value(bytes, random, field.FieldNumber, 1, depth);
                break;
            case FieldType.Fixed32 or FieldType.SFixed32 or FieldType.Float:
                Value(bytes, random, field.FieldNumber, 5, depth);
                break;
            default:
                Value(bytes, random, field.FieldNumber, 0, depth);
                break;
        }
    }

    private static void Unknown(List<byte> bytes, FuzzRandom random, int depth) =>
        Value(bytes, random, random.Any([0, 1, 2, 15, 16, 52, 1000, 19000, (1 << 29) - 1]), random.Below(random.OneIn(4) ? 8 : 6), depth);

    private static void Value(List<byte> bytes, FuzzRandom random, int number, int type, int depth)
    {
        if (type == 3 && random.OneIn(8))
        {
            // Groups in groups, deeper than a reader should go.
            var nesting = random.Any([2, 50, 98, 99, 100, 101, 150, 500]);
            for (var i = 0; i < nesting; i++)
                Tag(bytes, number, 3);
            for (var i = 0; i < nesting; i++)
                Tag(bytes, number, 4);
            return;
        }

        Tag(bytes, number, type);
        switch (type)
        {
            case 0:
                Varint(bytes, random.Any(Numbers), random.OneIn(20) ? random.Below(11) : 0);
                break;
            case 1:
                bytes.AddRange(BitConverter.GetBytes(random.Any(Numbers)));
                break;
            case 2:
                var length = random.Small(20);
                Length(bytes, random, length);
                bytes.AddRange(random.Bytes(length));
                break;
            case 3:
                if (depth > 0 && random.OneIn(2))
                    Unknown(bytes, random, depth - 1);
                Tag(bytes, random.OneIn(10) ? number + 1 : number, 4);
                break;
            case 5:
                bytes.AddRange(BitConverter.GetBytes((uint)random.Any(Numbers)));
                break;
        }
    }

    private static void Tag(List<byte> bytes, int number, int type) => Varint(bytes, ((ulong)(uint)number << 3) | (uint)type, 0);

    private static void Length(List<byte> bytes, FuzzRandom random, int length)
    {
        if (random.OneIn(80))
            Varint(bytes, random.Any(Numbers), 0);
        else if (random.OneIn(80))
            Varint(bytes, (ulong)Math.Max(0, length + random.Between(-2, 2)), 0);
        else
            Varint(bytes, (ulong)length, random.OneIn(80) ? random.Below(11) : 0);
    }

    private static void Varint(List<byte> bytes, ulong value, int leastLength)
    {
        var count = 1;
        for (; value > 0x7f; value >>= 7, count++)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        for (; count < leastLength; count++)
        {
            bytes[^1] |= 0x80;
            bytes.Add(0);
        }
    }
}
