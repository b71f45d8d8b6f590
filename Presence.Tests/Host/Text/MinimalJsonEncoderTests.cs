using System.Text;
using System.Text.Json;
using CsCheck;
using Presence.Host.Text;
using Xunit;

namespace Presence.Tests.Host.Text;

public sealed class MinimalJsonEncoderTests
{
    private static readonly JsonSerializerOptions Options = new() { Encoder = MinimalJsonEncoder.Instance };

    // Any UTF-16 code units, so halves of pairs as well.
    private static readonly Gen<string> Units = Gen.OneOf(
            Gen.Char['\0', '\x7f'], Gen.Char['\ud800', '\udfff'], Gen.Char['\0', '\uffff'])
        .Array[0, 20]
        .Select(units => new string(units));

    private static string Expected(string text)
    {
        var written = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            written.Append(rune.Value switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < 0x20 => $"\\u{rune.Value:x4}",
                _ => rune.ToString(),
            });
        }

        return written.Append('"').ToString();
    }

    [Fact]
    public void Every_text_is_written_with_as_few_escapes_as_JSON_allows() =>
        Units.Sample(text => Assert.Equal(Expected(text), JsonSerializer.Serialize(text, Options)), iter: 5000);

    [Fact]
    public void Every_character_on_its_own_is_read_again()
    {
        for (var scalar = 0; scalar <= 0x10ffff; scalar += scalar < 0x3000 ? 1 : 97)
        {
            if (!Rune.IsValid(scalar))
                continue;
            var text = new Rune(scalar).ToString();
            Assert.Equal(text, JsonSerializer.Deserialize<string>(JsonSerializer.Serialize(text, Options)));
        }
    }

    [Fact]
    public void Long_texts_and_bytes_are_written_alike() =>
        Units.Array[0, 60].Sample(
            texts =>
            {
                // Bytes hold no half pairs.
                var text = string.Concat(string.Concat(texts).EnumerateRunes());
                using var stream = new MemoryStream();
                using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = MinimalJsonEncoder.Instance }))
                    json.WriteStringValue(Encoding.UTF8.GetBytes(text));
                Assert.Equal(Expected(text), Encoding.UTF8.GetString(stream.ToArray()));
            },
            iter: 500);
}
