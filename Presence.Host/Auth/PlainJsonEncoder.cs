using System.Text.Encodings.Web;

namespace Presence.Host.Auth;

/// <summary>
/// Escapes in JSON strings what JSON demands and nothing else: <c>"</c>, <c>\</c> and control characters; the rest stays raw
/// UTF-8. The encoders of the framework escape more, the relaxed one still everything beyond the basic plane, and some SDKs
/// read a token's strings by deleting backslashes (protocol section D5).
/// </summary>
internal sealed class PlainJsonEncoder : JavaScriptEncoder
{
    /// <summary>The only instance.</summary>
    public static readonly PlainJsonEncoder Instance = new();

    private const string Hex = "0123456789abcdef";

    private PlainJsonEncoder()
    {
    }

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < 0x20 or '"' or '\\';

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        for (var i = 0; i < span.Length; i++)
        {
            if (char.IsHighSurrogate(span[i]) && i + 1 < span.Length && char.IsLowSurrogate(span[i + 1]))
                i++;
            // Half a pair cannot be written as UTF-8; the base class replaces it.
            else if (char.IsSurrogate(span[i]) || WillEncode(span[i]))
                return i;
        }
        return -1;
    }

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var output = new Span<char>(buffer, bufferLength);
        ReadOnlySpan<char> escaped = unicodeScalar is '"' or '\\'
            ? ['\\', (char)unicodeScalar]
            : ['\\', 'u', '0', '0', Hex[(unicodeScalar >> 4) & 0xF], Hex[unicodeScalar & 0xF]];
        numberOfCharactersWritten = escaped.TryCopyTo(output) ? escaped.Length : 0;
        return numberOfCharactersWritten > 0;
    }
}
