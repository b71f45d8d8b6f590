using System.Text;

namespace Presence.Actors.Model;

/// <summary>What a username may be (contract F11): 1 to <see cref="MaxBytes"/> bytes of UTF-8, without control characters.</summary>
public static class Username
{
    /// <summary>The most bytes of UTF-8.</summary>
    public const int MaxBytes = 128;

    /// <summary>Whether a text can be a username.</summary>
    public static bool IsValid(string? text) =>
        // A UTF-16 unit takes at least one byte: a long text is refused before it is counted.
        !string.IsNullOrEmpty(text) && text.Length <= MaxBytes && Encoding.UTF8.GetByteCount(text) <= MaxBytes && !HasControl(text);

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
