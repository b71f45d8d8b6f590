using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// Reads one JSON object of a client. Bytes that are not JSON throw <see cref="JsonException"/>, with a text that quotes nothing. JSON
/// that breaks a rule of the protocol is read to its end, and <see cref="Fault"/> names the first broken rule, so that the error can
/// carry the cid (contract L3).
/// </summary>
/// <remarks>
/// <para>
/// The rules: a field holds its type; a known field comes once, in whichever spelling; a string that is kept has no half of a
/// surrogate pair. An empty array counts as an empty object and the reverse, because Lua has one type for both. Null stands for an
/// absent field. Unknown fields are skipped, whatever they hold (protocol difference 0.7).
/// </para>
/// <para>
/// Not a serializer with options, since none of them knows a field in two spellings, and since reading token by token
/// allocates nothing but the strings that are kept. No input causes more than one exception, because an exception costs as much as
/// reading some kilobytes.
/// </para>
/// </remarks>
internal ref struct JsonText
{
    // Nesting costs one bit per level, and what is nested deeper than the protocol's messages is skipped without recursion.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = int.MaxValue };

    private Utf8JsonReader _reader;

    /// <summary>A text that is not read yet. A byte order mark before it is skipped: some libraries write one.</summary>
    public JsonText(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            throw new JsonException("The message is not valid UTF-8.");
        var mark = Encoding.UTF8.Preamble;
        _reader = new Utf8JsonReader(utf8.StartsWith(mark) ? utf8[mark.Length..] : utf8, Options);
    }

    /// <summary>The first rule that the text breaks; null as long as it breaks none.</summary>
    public string? Fault { get; private set; }

    /// <summary>Notes a broken rule. Only the first one is kept.</summary>
    /// <param name="fault">A text for a person, which quotes nothing that the client sent.</param>
    public void Refuse(string fault) => Fault ??= fault;

    /// <summary>Enters the object that the text is; false if it has no fields, or is not an object, which is a fault.</summary>
    public bool Begin()
    {
        _reader.Read();
        return BeginObject("The message is not a JSON object.");
    }

    /// <summary>Makes sure that nothing follows the object.</summary>
    public void End()
    {
        if (_reader.Read())
            throw new JsonException("Something follows the JSON object.");
    }

    /// <summary>
    /// Enters the object that the value of the present field is; false if it has no fields, or is not an object, which is a fault.
    /// </summary>
    public bool BeginObject() => BeginObject("A field that should hold an object does not.");

    /// <summary>
    /// Goes to the next known field that is not null and stands on its value, which must be consumed before the next call;
    /// false at the end of the object.
    /// </summary>
    public bool Next(ref JsonFields.Cursor cursor, out int field)
    {
        while (true)
        {
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.EndObject)
            {
                field = 0;
                return false;
            }

            field = Find(ref cursor);
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.Null)
                continue;
            if (field != 0)
                return true;
            _reader.Skip();
        }
    }

    /// <summary>Goes to the end of the object that has been entered, whatever it holds.</summary>
    public void SkipObject()
    {
        var depth = _reader.CurrentDepth;
        do
            _reader.Read();
        while (_reader.CurrentDepth > depth);
    }

    /// <summary>The string that the value of the present field is; null if it is none that can be kept, which is a fault.</summary>
    public string? String()
    {
        if (_reader.TokenType == JsonTokenType.String)
            return Text();
        Refuse("A field that should hold a string does not.");
        _reader.Skip();
        return null;
    }

    /// <summary>
    /// The cid that the value of the present field is; null if it is empty, or none that can be repeated, which is a fault. A number is
    /// a fault too, but it is kept as it is written: a client that sends one finds its request by it.
    /// </summary>
    public string? Cid()
    {
        if (_reader.TokenType == JsonTokenType.Number)
        {
            Refuse("A field that should hold a string does not.");
            return Encoding.UTF8.GetString(_reader.ValueSpan);
        }

        return String() is { Length: > 0 } cid ? cid : null;
    }

    /// <summary>The truth value that the value of the present field is; false if it is none, which is a fault.</summary>
    public bool Boolean()
    {
        if (_reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            return _reader.TokenType == JsonTokenType.True;
        Refuse("A field that should hold true or false does not.");
        _reader.Skip();
        return false;
    }

    /// <summary>The whole number above zero that the value of the present field is; null if it is none, which is a fault.</summary>
    public int? PositiveNumber()
    {
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt32(out var number) && number > 0)
            return number;
        Refuse("A field that should hold a number above zero does not.");
        _reader.Skip();
        return null;
    }

    /// <summary>
    /// Enters the list that the value of the present field is; false if it is an empty object, or not a list, which is a fault.
    /// </summary>
    public bool BeginArray() =>
        _reader.TokenType == JsonTokenType.StartArray || PassEmpty(JsonTokenType.StartObject, JsonTokenType.EndObject, "A field that should hold a list does not.");

    /// <summary>Goes to the next item of a list; false at its end.</summary>
    /// <param name="text">The item; null if it is not a string that can be kept, which is a fault.</param>
    public bool NextString(out string? text)
    {
        _reader.Read();
        if (_reader.TokenType == JsonTokenType.EndArray)
        {
            text = null;
            return false;
        }

        text = String();
        return true;
    }

    private bool BeginObject(string otherwise) =>
        _reader.TokenType == JsonTokenType.StartObject || PassEmpty(JsonTokenType.StartArray, JsonTokenType.EndArray, otherwise);

    /// <summary>Passes over the present value, which may be an empty one of this type; anything else is a fault. Always false.</summary>
    private bool PassEmpty(JsonTokenType start, JsonTokenType end, string otherwise)
    {
        if (_reader.TokenType != start)
        {
            Refuse(otherwise);
            _reader.Skip();
            return false;
        }

        var depth = _reader.CurrentDepth;
        _reader.Read();
        if (_reader.TokenType == end)
            return false;
        Refuse(otherwise);
        while (_reader.CurrentDepth > depth)
            _reader.Read();
        return false;
    }

    /// <summary>The number of the present field; 0 if its name is unknown.</summary>
    private int Find(ref JsonFields.Cursor cursor)
    {
        Span<char> name = stackalloc char[JsonFields.MaxNameBytes];
        if (_reader.ValueSpan.Length > name.Length || !IsUnicode())
            return 0;
        var field = cursor.Find(name[.._reader.CopyString(name)], out var isRepeated);
        if (isRepeated)
            Refuse("A field comes twice.");
        return field;
    }

    private string? Text()
    {
        if (IsUnicode())
            return _reader.GetString()!;
        Refuse("A string holds half of a surrogate pair.");
        return null;
    }

    /// <summary>
    /// Whether each escaped surrogate of the present string is one half of a pair. The JSON reader checks that the escapes are well-formed,
    /// but finds a half of a pair only when the string is taken out, and then by an exception.
    /// </summary>
    private readonly bool IsUnicode()
    {
        if (!_reader.ValueIsEscaped)
            return true;
        var rest = _reader.ValueSpan;
        while (rest.IndexOf((byte)'\\') is >= 0 and var escape)
        {
            rest = rest[escape..];
            if (!TryTakeUnit(ref rest, out var unit))
                rest = rest[2..];
            else if (char.IsLowSurrogate(unit) || (char.IsHighSurrogate(unit) && !(TryTakeUnit(ref rest, out var next) && char.IsLowSurrogate(next))))
                return false;
        }

        return true;
    }

    /// <summary>Takes an escaped UTF-16 code unit from the front.</summary>
    private static bool TryTakeUnit(ref ReadOnlySpan<byte> rest, out char unit)
    {
        const int digits = 2, length = 6;
        unit = default;
        if (!rest.StartsWith("\\u"u8) || !Utf8Parser.TryParse(rest[digits..length], out ushort value, out _, 'x'))
            return false;
        unit = (char)value;
        rest = rest[length..];
        return true;
    }
}
