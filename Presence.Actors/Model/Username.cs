using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Presence.Actors.Model;

/// <summary>
/// What a username may be (contract F11): 1 to <see cref="MaxBytes"/> bytes of UTF-8, without control characters. Two spellings of the
/// same characters are one name: names are normalised (NFC) where they enter the server, in tokens and in requests, and are compared byte
/// by byte behind that. What is counted is the normalised name, which is the one that followers are shown.
/// </summary>
public static class Username
{
    /// <summary>The most bytes of UTF-8, after normalisation.</summary>
    public const int MaxBytes = 128;

    // The longest spelling of a name of MaxBytes: a character of two bytes may be spelled as a letter and two marks.
    private const int MaxUnits = MaxBytes * 3 / 2;

    /// <summary>The name that a text spells; false if it spells none. A text with half of a surrogate pair spells none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The name, normalised.</param>
    public static bool TryNormalize([NotNullWhen(true)] string? text, [NotNullWhen(true)] out string? name)
    {
        name = null;
        // A long text is refused before any work is done for it.
        if (string.IsNullOrEmpty(text) || text.Length > MaxUnits || !UnicodeNormalizer.TryNormalize(text, out var normal))
            return false;
        if (Encoding.UTF8.GetByteCount(normal) > MaxBytes || HasControl(normal))
            return false;
        name = normal;
        return true;
    }

    private static bool HasControl(string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c))
                return true;
        }

        return false;
    }
}
