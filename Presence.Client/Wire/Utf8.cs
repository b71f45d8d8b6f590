using System.Text;

namespace Presence.Client.Wire;

/// <summary>The encoding of all texts of the protocol.</summary>
internal static class Utf8
{
    /// <summary>Throws on half surrogates and on bytes that are no text, instead of putting something else in their place.</summary>
    public static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the text can be sent as it is.</summary>
    public static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }

        return true;
    }
}
