using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// Reads a JSON text as strictly as the protocol asks: one object, valid UTF-8, no half surrogates, no field twice (in
/// whichever spelling), bounded depth; null stands for an absent field, and unknown fields are skipped (protocol
/// difference 0.7). Whatever breaks that is thrown as <see cref="JsonException"/>, with a text that quotes nothing.
/// </summary>
/// <remarks>
/// Not a serializer with options, since none of them knows a field in two spellings, and since reading token by token
/// allocates nothing but the strings that are kept.
/// </remarks>
internal ref struct JsonText
{
    /// <summary>How deep values may be nested, in fields that are skipped as well.</summary>
    public const int MaxDepth = 32;

    private Utf8JsonReader _reader;

    /// <summary>A text that is not read yet.</summary>
    public JsonText(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            throw new JsonException("The message is not valid UTF-8.");
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>Enters the object that the text is.</summary>
    public void Begin()
    {
        _reader.Read();
        Expect(JsonTokenType.StartObject, "The message is not a JSON object.");
    }

    /// <summary>Makes sure that nothing follows the object.</summary>
    public void End()
    {
        if (_reader.Read())
            throw new JsonException("Something follows the JSON object.");
    }

    /// <summary>Enters the object that the value of the present field is.</summary>
    public readonly void BeginObject() => Expect(JsonTokenType.StartObject, "A field that should hold an object does not.");

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

            field = Mark(ref cursor);
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.Null)
                continue;
            if (field != 0)
                return true;
            Skip();
        }
    }

    /// <summary>The string that the value of the present field is.</summary>
    public string String()
    {
        Expect(JsonTokenType.String, "A field that should hold a string does not.");
        return Text();
    }

    /// <summary>The truth value that the value of the present field is.</summary>
    public readonly bool Boolean() => _reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw new JsonException("A field that should hold true or false does not."),
    };

    /// <summary>Enters the list that the value of the present field is.</summary>
    public readonly void BeginArray() => Expect(JsonTokenType.StartArray, "A field that should hold a list does not.");

    /// <summary>Goes to the next string of a list; false at its end.</summary>
    public bool NextString([NotNullWhen(true)] out string? text)
    {
        _reader.Read();
        text = _reader.TokenType == JsonTokenType.EndArray ? null : String();
        return text is not null;
    }

    /// <summary>Skips the present value, which has to be as well-formed as one that is kept.</summary>
    public void Skip()
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.String when _reader.ValueIsEscaped:
                Text();
                break;
            case JsonTokenType.StartArray:
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                    Skip();
                break;
            case JsonTokenType.StartObject:
                var nothing = JsonFields.None.Start();
                while (Next(ref nothing, out _))
                {
                }

                break;
        }
    }

    private readonly int Mark(ref JsonFields.Cursor cursor)
    {
        Span<char> name = stackalloc char[JsonFields.MaxNameBytes];
        if (_reader.ValueSpan.Length > name.Length)
            return cursor.MarkUnknown(Text());
        int length;
        try
        {
            length = _reader.CopyString(name);
        }
        catch (InvalidOperationException e)
        {
            throw HalfCharacter(e);
        }

        return cursor.Mark(name[..length]);
    }

    private readonly string Text()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw HalfCharacter(e);
        }
    }

    // The reader checks escapes only when a text is taken out, and has its own way to say that one is not a character.
    private static JsonException HalfCharacter(InvalidOperationException e) => new("A string holds half a character.", e);

    private readonly void Expect(JsonTokenType type, string otherwise)
    {
        if (_reader.TokenType != type)
            throw new JsonException(otherwise);
    }
}
