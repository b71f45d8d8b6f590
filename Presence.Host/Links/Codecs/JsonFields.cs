using System.Collections.Frozen;
using Google.Protobuf.Reflection;

namespace Presence.Host.Links.Codecs;

/// <summary>The fields of one kind of JSON object: numbers by name.</summary>
internal sealed class JsonFields
{
    /// <summary>The longest name, in bytes as it is written, that can be a known one.</summary>
    public const int MaxNameBytes = 256;

    private readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _numbers;

    /// <summary>Fields that have one spelling each.</summary>
    /// <param name="numbers">Names, and numbers from 1 to 63.</param>
    public JsonFields(params ReadOnlySpan<(string Name, int Number)> numbers)
    {
        var byName = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, number) in numbers)
            byName.Add(name, number);
        _numbers = byName.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The fields of a message of the schema, in snake_case and in lowerCamelCase.</summary>
    public static JsonFields Of(MessageDescriptor message) =>
        new([.. message.Fields.InDeclarationOrder().SelectMany(Spellings).Distinct()]);

    /// <summary>A new object of this kind.</summary>
    public Cursor Start() => new(this);

    private static IEnumerable<(string Name, int Number)> Spellings(FieldDescriptor field) =>
        [(field.Name, field.FieldNumber), (field.JsonName, field.FieldNumber)];

    /// <summary>Which known fields of one object have been met: each may come once, in either spelling, null or not.</summary>
    internal struct Cursor(JsonFields fields)
    {
        private ulong _met;

        /// <summary>The number of a field; 0 if its name is unknown.</summary>
        /// <param name="name">The name.</param>
        /// <param name="isRepeated">Whether the field is known and was met before.</param>
        public int Find(ReadOnlySpan<char> name, out bool isRepeated)
        {
            isRepeated = false;
            if (!fields._numbers.TryGetValue(name, out var number))
                return 0;
            var bit = 1UL << number;
            isRepeated = (_met & bit) != 0;
            _met |= bit;
            return number;
        }
    }
}
