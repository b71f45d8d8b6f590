using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Presence.Bench.Comparing;

/// <summary>
/// How a server is started: <c>name=command</c>, where the command is written as for a shell, with variables of its environment before
/// it and words in quotes, but is started without one, so that what is measured is the server and not a shell.
/// </summary>
/// <param name="Name">What it is called in the report.</param>
/// <param name="Text">The command as it was given.</param>
internal sealed record ServerCommand(string Name, string Text)
{
    /// <summary>Stands in a command for the port that the server is to listen on.</summary>
    public const string Port = "{port}";

    /// <summary>Stands in a command for the TCP port of the protocol.</summary>
    public const string TcpPort = "{tcp}";

    private ImmutableArray<string> Words { get; } = Split(Text);

    /// <summary>Reads a command.</summary>
    /// <exception cref="UsageException">It is not one.</exception>
    public static ServerCommand Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? "" : text[..equals].Trim();
        if (name.Length == 0 || name.Contains(' ', StringComparison.Ordinal))
            throw new UsageException($"'{text}' is not a server. Write name=\"command\", with {Port} where the port belongs.");
        var command = new ServerCommand(name, text[(equals + 1)..].Trim());
        if (command.Words.All(IsVariable))
            throw new UsageException($"The command of the server '{name}' is empty.");
        return command.Text.Contains(Port, StringComparison.Ordinal)
            ? command
            : throw new UsageException($"The command of the server '{name}' does not say where the port belongs: {Port}.");
    }

    /// <summary>How the process is started that listens on a port.</summary>
    public ProcessStartInfo On(int port, int tcpPort = 0)
    {
        var words = Words.Select(w => w
            .Replace(Port, port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace(TcpPort, tcpPort.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)).ToArray();
        var program = Array.FindIndex(words, word => !IsVariable(word));
        var start = new ProcessStartInfo(words[program], words[(program + 1)..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var variable in words[..program])
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            start.Environment[variable[..equals]] = variable[(equals + 1)..];
        }

        return start;
    }

    private static bool IsVariable(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && word[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static ImmutableArray<string> Split(string text)
    {
        var words = ImmutableArray.CreateBuilder<string>();
        var word = new StringBuilder();
        var (quote, isWord) = ('\0', false);
        foreach (var c in text)
        {
            if (quote == '\0' && c == ' ')
            {
                if (isWord)
                    words.Add(word.ToString());
                word.Clear();
                isWord = false;
            }
            else if (quote == '\0' && c is ('\'' or '"'))
            {
                (quote, isWord) = (c, true);
            }
            else if (c == quote && quote != '\0')
            {
                quote = '\0';
            }
            else
            {
                word.Append(c);
                isWord = true;
            }
        }

        if (quote != '\0')
            throw new UsageException($"A quote is not closed in: {text}");
        if (isWord)
            words.Add(word.ToString());
        return words.DrainToImmutable();
    }
}
