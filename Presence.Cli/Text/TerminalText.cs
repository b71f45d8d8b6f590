using System.Globalization;
using System.Text;

namespace Presence.Cli.Text;

/// <summary>
/// Text of strangers, fit for a terminal. Statuses, names and what servers say are any text at all; of it a terminal gets one line of
/// characters that can be seen. What it would obey (control characters, also those of C1, and the marks that turn the
/// direction of writing) is written as an escape instead, e.g. <c>\u001B</c>.
/// </summary>
internal static class TerminalText
{
    private const char ZeroWidthJoiner = '\u200d';

    /// <summary>The text, harmless.</summary>
    public static string Of(string text)
    {
        var harmless = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (!Rune.TryGetRuneAt(text, at, out var rune))
            {
                // Half of a surrogate pair.
                Escape(harmless, text[at++]);
                continue;
            }

            at += rune.Utf16SequenceLength;
            switch (rune.Value)
            {
                case '\n':
                    harmless.Append(@"\n");
                    break;
                case '\r':
                    harmless.Append(@"\r");
                    break;
                case '\t':
                    harmless.Append(@"\t");
                    break;
                default:
                    if (IsHarmless(rune))
                        harmless.Append(rune);
                    else
                        Escape(harmless, rune.Value);
                    break;
            }
        }

        return harmless.ToString();
    }

    /// <summary>The text, harmless and between quotation marks: so that no status looks like the word for having none.</summary>
    public static string Quoted(string text) => $"\"{Of(text)}\"";

    private static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        // Emoji of families and flags are joined by it; the others turn the direction of writing, or hide.
        UnicodeCategory.Format => rune.Value == ZeroWidthJoiner,
        _ => true,
    };

    private static void Escape(StringBuilder text, int value) =>
        text.Append(value > char.MaxValue ? "\\U" : "\\u").Append(value.ToString(value > char.MaxValue ? "X8" : "X4", CultureInfo.InvariantCulture));
}
