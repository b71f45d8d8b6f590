using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;

namespace Presence.Host.Text;

/// <summary>
/// Escapes what JSON demands and nothing else: the quotation mark, the backslash and the characters below U+0020. All other
/// characters stay as they are, in every plane.
/// </summary>
/// <remarks>
/// The library's most relaxed encoder still escapes what lies beyond the basic plane, and some clients of the protocol read
/// such escapes wrongly. The output is JSON and not safe to be put into HTML or a script.
/// Half a surrogate pair is no character and becomes U+FFFD.
/// </remarks>
internal sealed class MinimalJsonEncoder : JavaScriptEncoder
{
    /// <summary>The only instance.</summary>
    public static readonly MinimalJsonEncoder Instance = new();

    private const string Controls =
        "\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f";

    private static readonly SearchValues<char> Escaped = SearchValues.Create(Controls + "\"\\");

    private MinimalJsonEncoder()
    {
    }

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => "\\u0000".Length;

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar < ' ' || unicodeScalar is '"' or '\\';

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var all = new ReadOnlySpan<char>(text, textLength);
        var first = all.IndexOfAny(Escaped);
        var clean = first < 0 ? all : all[..first];
        var from = 0;
        while (true)
        {
            var surrogate = clean[from..].IndexOfAnyInRange('\ud800', '\udfff');
            if (surrogate < 0)
                return first;
            from += surrogate;
            if (from + 1 >= clean.Length || !char.IsSurrogatePair(clean[from], clean[from + 1]))
                return from;
            from += 2;
        }
    }

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var output = new Span<char>(buffer, bufferLength);
        var letter = unicodeScalar switch
        {
            '"' => '"',
            '\\' => '\\',
            '\b' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\f' => 'f',
            '\r' => 'r',
            _ => '\0',
        };
        if (letter != '\0')
        {
            numberOfCharactersWritten = 2;
            return Put(output, ['\\', letter]);
        }

        if (WillEncode(unicodeScalar))
            return output.TryWrite(CultureInfo.InvariantCulture, $"\\u{unicodeScalar:x4}", out numberOfCharactersWritten);
        return new System.Text.Rune(unicodeScalar).TryEncodeToUtf16(output, out numberOfCharactersWritten);
    }

    private static bool Put(Span<char> output, ReadOnlySpan<char> text) => text.TryCopyTo(output);
}
