namespace Presence.Client.Wire;

/// <summary>The encoding of all texts of the protocol.</summary>
internal static class Utf8
{
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
