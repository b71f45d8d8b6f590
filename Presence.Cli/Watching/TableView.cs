using System.Globalization;
using System.Text;
using Presence.Cli.Connecting;
using Presence.Cli.Text;
using Spectre.Console;
using Spectre.Console.Rendering;
using Words = Spectre.Console.Text;

namespace Presence.Cli.Watching;

/// <summary>A watch on a terminal: a table that changes in its place, with what the connection does below it.</summary>
/// <param name="screen">The terminal.</param>
/// <param name="board">What the table shows.</param>
/// <param name="zone">The time zone of whoever looks at it.</param>
internal sealed class TableView(IAnsiConsole screen, Board board, TimeZoneInfo zone) : IWatchView
{
    private static readonly Style Quiet = new(decoration: Decoration.Dim);
    private static readonly Style Online = new(Color.Green);
    private static readonly Style Warning = new(Color.Yellow);

    /// <summary>What the lines and blanks between four columns take, and the column of times.</summary>
    private const int Frame = 13 + 8;

    private const int WidestName = 32;
    private const int NarrowestStatus = 6;

    private string? _trouble;
    private LiveDisplayContext? _live;

    /// <inheritdoc/>
    public async Task<T> DuringAsync<T>(Func<Task<T>> watch)
    {
        // Attached before the live display is, so that it sees what that has made.
        var kept = new ScrollbackKept();
        screen.Pipeline.Attach(kept);
        try
        {
            return await screen.Live(Picture()).Overflow(VerticalOverflow.Ellipsis).StartAsync(live =>
            {
                _live = live;
                return watch();
            }).ConfigureAwait(false);
        }
        finally
        {
            screen.Pipeline.Detach(kept);
        }
    }

    /// <inheritdoc/>
    public void Show(WatchEvent shown)
    {
        switch (shown)
        {
            case Began began:
                board.Begin(began.Snapshot);
                break;
            case Changed changed:
                board.Add(changed.Change, changed.At);
                break;
            case StateChanged { State: var state }:
                _trouble = state.IsConnected ? null : Narrator.Describe(state);
                break;
        }

        _live?.UpdateTarget(Picture());
    }

    private Rows Picture()
    {
        List<Board.Row> rows = [.. board.Rows];
        // Long texts are cut here, since a table that does not fit would cut any column, down to nothing.
        var name = Math.Min(WidestName, Math.Max("User".Length, rows.Max(r => TerminalText.Of(r.Name).GetCellWidth())));
        var status = Math.Max(NarrowestStatus, (screen.Profile.Width - Frame - name) / 2);
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = Quiet };
        foreach (var title in (string[])["User", "Now", "Before", "Changed"])
            table.AddColumn(new TableColumn(new Words(title)) { NoWrap = true });
        foreach (var row in rows)
            table.AddRow(Cells(row, name, status));
        return _trouble is null ? new Rows(table) : new Rows(table, Line(_trouble, Warning), Line("What the table shows is from before.", Warning));
    }

    private IEnumerable<IRenderable> Cells(Board.Row row, int nameWidth, int statusWidth)
    {
        // While there is no connection, nobody knows.
        var isCertain = _trouble is null;
        yield return Line(Fit(row.Name, nameWidth), row.Now is null || !isCertain ? Quiet : Style.Plain);
        yield return row.Now is { } now
            ? Line(Fit($"{Mark(true)} {now}", statusWidth), isCertain ? Online : Quiet)
            : Line(Fit($"{Mark(false)} {row.Note ?? "offline"}", statusWidth), Quiet);
        yield return Line(Fit(row.HasChanged ? row.Before ?? "offline" : "", statusWidth), Quiet);
        yield return Line(row.At is { } at ? TimeZoneInfo.ConvertTime(at, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture) : "", Quiet);
    }

    /// <summary>Text as it is: nothing in it is markup, and nothing that a terminal would obey.</summary>
    private static Words Line(string text, Style style) => new(TerminalText.Of(text), style);

    /// <summary>Text of at most this width; what does not fit ends in an ellipsis.</summary>
    private static string Fit(string text, int width)
    {
        text = TerminalText.Of(text);
        if (text.GetCellWidth() <= width)
            return text;
        var fit = new StringBuilder();
        var left = width - 1;
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext() && (left -= elements.GetTextElement().GetCellWidth()) >= 0)
            fit.Append(elements.GetTextElement());
        return fit.Append('…').ToString();
    }

    private string Mark(bool isOnline) => (isOnline, screen.Profile.Capabilities.Unicode) switch
    {
        (true, true) => "●",
        (false, true) => "○",
        (true, false) => "*",
        (false, false) => "-",
    };
}
