using System.Text;

namespace Presence.Tests.Cli.Kit;

/// <summary>A line of a shell, as far as examples go: words, quotes of both kinds, comments, and what stands between commands.</summary>
internal static class ShellLine
{
    private const string Separators = "|&;#";

    /// <summary>What the tool is given by a line that runs it.</summary>
    public static IReadOnlyList<string> OfTool(string line) =>
        [.. Words(line).SkipWhile(w => w != "presence").Skip(1).TakeWhile(w => w is not null).Select(w => w!)];

    /// <summary>The words; null where a command ends.</summary>
    private static IEnumerable<string?> Words(string line)
    {
        StringBuilder? word = null;
        char? quote = null;
        foreach (var c in line)
        {
            if (c == quote)
                quote = null;
            else if (quote is null && c is '"' or '\'')
                (quote, word) = (c, word ?? new StringBuilder());
            else if (quote is not null || (c != ' ' && !Separators.Contains(c, StringComparison.Ordinal)))
                (word ??= new StringBuilder()).Append(c);
            else
            {
                if (word is not null)
                    yield return word.ToString();
                word = null;
                if (c != ' ')
                    yield return null;
            }
        }

        if (word is not null)
            yield return word.ToString();
    }
}
