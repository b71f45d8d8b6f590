using System.Globalization;
using System.Text;
using Presence.Tests.Client.Faults;
using Spectre.Console;

namespace Presence.Tests.Cli.Kit;

/// <summary>A character on a <see cref="Terminal"/>.</summary>
/// <param name="Symbol">What is seen.</param>
/// <param name="Colour">The number of its colour, 0 to 15; null: the usual one.</param>
/// <param name="IsDim">Whether it is less bright.</param>
internal readonly record struct Cell(char Symbol, int? Colour, bool IsDim);

/// <summary>
/// A terminal that obeys what the tool has reason to send and nothing else: whatever other control character or sequence arrives is a
/// <see cref="Fault"/>. So nobody's status gets through to it.
/// </summary>
internal sealed class Terminal(int width = 100, int height = 30) : TextWriter, IAnsiConsoleOutput
{
    private readonly object _gate = new();
    private readonly List<List<Cell>> _rows = [[]];
    private readonly StringBuilder _sequence = new();
    private Cell _pen = new(' ', null, false);
    private int _row;
    private int _column;

    /// <summary>The first thing that it should not have been sent.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether the cursor can be seen.</summary>
    public bool HasCursor { get; private set; } = true;

    /// <summary>How many columns it has; rows that are there already stay as they are.</summary>
    public int Width { get; set; } = width;

    /// <summary>The rows, without the blanks at their ends.</summary>
    public IReadOnlyList<string> Rows => [.. Cells.Select(row => string.Concat(row.Select(c => c.Symbol)).TrimEnd())];

    /// <summary>All rows as one text.</summary>
    public string Text => string.Join('\n', Rows);

    /// <summary>What is seen, row by row.</summary>
    public IReadOnlyList<IReadOnlyList<Cell>> Cells
    {
        get
        {
            lock (_gate)
                return [.. _rows.Select(row => row.ToArray())];
        }
    }

    public override Encoding Encoding => Encoding.UTF8;

    TextWriter IAnsiConsoleOutput.Writer => this;

    bool IAnsiConsoleOutput.IsTerminal => true;

    int IAnsiConsoleOutput.Width => Width;

    int IAnsiConsoleOutput.Height => height;

    /// <summary>Waits until all of these can be read on it, each in one row.</summary>
    public Task ShowsAsync(params string[] texts) => Until.TrueAsync(
        () => texts.All(t => Rows.Any(r => r.Contains(t, StringComparison.Ordinal))), $"{string.Join(", ", texts)} on the terminal");

    void IAnsiConsoleOutput.SetEncoding(Encoding encoding)
    {
        // It takes all of Unicode.
    }

    public override void Write(char value)
    {
        lock (_gate)
            Take(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        lock (_gate)
        {
            foreach (var c in buffer.AsSpan(index, count))
                Take(c);
        }
    }

    public override void Write(string? value)
    {
        lock (_gate)
        {
            foreach (var c in value ?? "")
                Take(c);
        }
    }

    private void Take(char c)
    {
        if (_sequence.Length > 0 || c == '\e')
        {
            _sequence.Append(c);
            if (_sequence.Length == 2 && c != '[')
                Refuse();
            else if (_sequence.Length > 2 && c is >= '@' and <= '~')
                Obey();
            return;
        }

        switch (c)
        {
            case '\r':
                _column = 0;
                break;
            case '\n':
                (_row, _column) = (_row + 1, 0);
                if (_row == _rows.Count)
                    _rows.Add([]);
                break;
            default:
                if (char.IsControl(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format)
                    Fault ??= $"U+{(int)c:X4}";
                Put(c);
                break;
        }
    }

    private void Put(char c)
    {
        var row = _rows[_row];
        while (row.Count <= _column)
            row.Add(new Cell(' ', null, false));
        row[_column++] = _pen with { Symbol = c };
    }

    private void Obey()
    {
        var sequence = _sequence.ToString(2, _sequence.Length - 3);
        switch (_sequence[^1])
        {
            case 'm':
                foreach (var code in sequence.Split(';').Select(p => p.Length == 0 ? 0 : int.Parse(p, CultureInfo.InvariantCulture)))
                    Dip(code);
                break;
            case 'A':
                _row = Math.Max(0, _row - int.Parse(sequence, CultureInfo.InvariantCulture));
                break;
            case 'K' when sequence == "2":
                _rows[_row].Clear();
                break;
            case 'J' when sequence == "2":
                foreach (var row in _rows)
                    row.Clear();
                break;
            case 'H' when sequence.Length == 0:
                (_row, _column) = (0, 0);
                break;
            case 'h' or 'l' when sequence == "?25":
                HasCursor = _sequence[^1] == 'h';
                break;
            default:
                Refuse();
                return;
        }

        _sequence.Clear();
    }

    private void Dip(int code)
    {
        switch (code)
        {
            case 0:
                _pen = new Cell(' ', null, false);
                break;
            case 2:
                _pen = _pen with { IsDim = true };
                break;
            case >= 30 and <= 37:
                _pen = _pen with { Colour = code - 30 };
                break;
            case >= 90 and <= 97:
                _pen = _pen with { Colour = code - 90 + 8 };
                break;
            default:
                Fault ??= $"the graphic {code}";
                break;
        }
    }

    private void Refuse()
    {
        Fault ??= $"the sequence {_sequence.Replace("\e", "ESC")}";
        _sequence.Clear();
    }
}
