using System.Collections.Frozen;
using Google.Protobuf.Reflection;

namespace Presence.Host.Links.Codecs;

/// <summary>The fields of one kind of JSON object: numbers by name.</summary>
internal sealed class JsonFields
{
    /// <summary>The longest name, in bytes as it is written, that can be a known one.</summary>
    public const int MaxNameBytes = 256;

    // As many bits as a cursor has.
    private const int MostNumbers = 64;

    private readonly FrozenDictionary<string, (int Number, int Place)>.AlternateLookup<ReadOnlySpan<char>> _numbers;

    /// <summary>Fields that have one spelling each.</summary>
    /// <param name="numbers">Names and numbers above 0; at most 64 different numbers.</param>
    public JsonFields(params ReadOnlySpan<(string Name, int Number)> numbers)
    {
        var byName = new Dictionary<string, (int Number, int Place)>(StringComparer.Ordinal);
        var places = new Dictionary<int, int>();
        foreach (var (name, number) in numbers)
        {
            places.TryAdd(number, places.Count);
            byName.Add(name, (number, places[number]));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(places.Count, MostNumbers, nameof(numbers));
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
            if (!fields._numbers.TryGetValue(name, out var field))
                return 0;
            var bit = 1UL << field.Place;
            isRepeated = (_met & bit) != 0;
            _met |= bit;
            return field.Number;
        }
    }
}
