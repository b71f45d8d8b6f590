using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace Presence.Host.Auth;

/// <summary>
/// The form of a signed token (RFC 7515): three parts of base64url without padding, and a header that is a JSON object without
/// duplicate names. The token library is laxer: it accepts padding, and of two members with one name it takes the last.
/// </summary>
internal static class TokenForm
{
    /// <summary>The longest token, in characters: as long as the longest request line, which carries a token of <c>/ws</c>.</summary>
    public const int MaxLength = 16 * 1024;

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Whether a token has this form. Says nothing about its signature and its claims.</summary>
    public static bool IsWellFormed(string token)
    {
        if (token.Length > MaxLength)
            return false;
        var text = token.AsSpan();
        Span<Range> parts = stackalloc Range[4];
        if (text.Split(parts, '.') != 3)
            return false;
        foreach (var part in parts[..3])
        {
            if (!IsBase64Url(text[part]))
                return false;
        }

        return IsHeader(Base64Url.DecodeFromChars(text[parts[0]]));
    }

    /// <summary>Not empty, no padding, and no bits behind the last byte, so that there is one text for each sequence of bytes.</summary>
    private static bool IsBase64Url(ReadOnlySpan<char> part)
    {
        if (part.IsEmpty || part.ContainsAnyExcept(Characters))
            return false;
        var last = Alphabet.IndexOf(part[^1], StringComparison.Ordinal);
        return (part.Length % 4) switch
        {
            0 => true,
            2 => (last & 0b1111) == 0,
            3 => (last & 0b11) == 0,
            _ => false,
        };
    }

    private static bool IsHeader(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind is JsonValueKind.Object;
        }
        // The second is how the reader reports a name that is not Unicode.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
