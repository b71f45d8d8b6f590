using System.Text;
using Presence.Tests.Client.Faults;

namespace Presence.Tests.Cli.Kit;

/// <summary>What a command has written so far, to be read while it writes.</summary>
internal sealed class Transcript : TextWriter
{
    private readonly StringBuilder _text = new();

    public Transcript() => NewLine = "\n";

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>All of it.</summary>
    public string Text
    {
        get
        {
            lock (_text)
                return _text.ToString();
        }
    }

    /// <summary>The lines that have ended.</summary>
    public IReadOnlyList<string> Lines => Text.Split('\n')[..^1];

    /// <summary>Waits until it has this in it.</summary>
    public Task SaysAsync(string text) => Until.TrueAsync(() => Text.Contains(text, StringComparison.Ordinal), $"'{text}'");

    /// <summary>Waits for so many lines.</summary>
    public async Task<IReadOnlyList<string>> LinesAsync(int count)
    {
        await Until.TrueAsync(() => Lines.Count >= count, $"{count} lines");
        return Lines;
    }

    public override void Write(char value)
    {
        lock (_text)
            _text.Append(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (_text)
            _text.Append(buffer, index, count);
    }

    public override void Write(string? value)
    {
        lock (_text)
            _text.Append(value);
    }
}
