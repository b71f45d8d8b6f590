using System.Collections.Frozen;
using System.Text.Json;
using Google.Protobuf.Reflection;

namespace Presence.Host.Links.Codecs;

/// <summary>The fields of one kind of JSON object: numbers by name.</summary>
internal sealed class JsonFields
{
    /// <summary>The longest name, in bytes as it is written, that can be a known one.</summary>
    public const int MaxNameBytes = 256;

    /// <summary>An object of which nothing is known.</summary>
    public static readonly JsonFields None = new([]);

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

    /// <summary>Which fields of one object have been met: each may come once, in either spelling, null or not.</summary>
    internal struct Cursor(JsonFields fields)
    {
        private ulong _known;
        private HashSet<string>? _unknown;

        /// <summary>Marks a field as met, and gives its number; 0 if it is unknown.</summary>
        public int Mark(ReadOnlySpan<char> name)
        {
            if (!fields._numbers.TryGetValue(name, out var number))
                return MarkUnknown(name.ToString());
            var bit = 1UL << number;
            if ((_known & bit) != 0)
                throw Twice();
            _known |= bit;
            return number;
        }

        /// <summary>Marks a field of an unknown name as met; its number is 0.</summary>
        public int MarkUnknown(string name) =>
            (_unknown ??= new HashSet<string>(StringComparer.Ordinal)).Add(name) ? 0 : throw Twice();

        private static JsonException Twice() => new("A field comes twice.");
    }
}
