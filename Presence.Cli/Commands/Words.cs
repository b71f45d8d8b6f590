using System.CommandLine;
using System.CommandLine.Parsing;

namespace Presence.Cli.Commands;

/// <summary>The words of a command line that are no options.</summary>
internal static class Words
{
    /// <summary>The words that an argument was given. The parser takes an option that it does not know for one of them.</summary>
    /// <exception cref="FailureException">One looks like an option, and nothing says that it is none.</exception>
    public static IReadOnlyList<string> WordsOf(this ParseResult given, Argument argument)
    {
        List<string> words = [.. given.GetResult(argument)!.Tokens.Select(t => t.Value)];
        if (!given.Tokens.Any(t => t.Type == TokenType.DoubleDash) && words.Find(w => w.Length > 1 && w[0] == '-') is { } option)
            throw FailureException.Usage($"There is no option '{option}'.", "What begins with a hyphen and is no option stands behind --.");
        return words;
    }
}
