using System.Globalization;
using Presence.Cli.Connecting;
using Presence.Cli.Text;

namespace Presence.Cli.Watching;

/// <summary>A watch as lines: one for each user at first, one for each change, and what the connection does on standard error.</summary>
/// <param name="output">For the lines.</param>
/// <param name="error">For what is said besides.</param>
internal sealed class LineView(TextWriter output, TextWriter error) : IWatchView
{
    private const string Offline = "offline";

    private readonly Narrator _narrator = new();

    /// <inheritdoc/>
    public Task<T> DuringAsync<T>(Func<Task<T>> watch) => watch();

    /// <inheritdoc/>
    public void Show(WatchEvent shown)
    {
        switch (shown)
        {
            case Began began:
                foreach (var line in Lines(began.Snapshot))
                    output.WriteLine($"{Time(shown)} {line}");
                break;
            case Changed { Change: var change }:
                output.WriteLine($"{Time(shown)} {TerminalText.Of(change.Username)}: {Status(change.Old)} -> {Status(change.New)}");
                break;
            case StateChanged { State: var state } when _narrator.Tell(state) is { } sentence:
                error.WriteLine(TerminalText.Of(sentence));
                break;
        }
    }

    /// <summary>A line for each presence, and for each user who has none.</summary>
    public static IEnumerable<string> Lines(Snapshot snapshot)
    {
        foreach (var presence in snapshot.Presences)
            yield return $"{TerminalText.Of(presence.Username)}: {Status(presence.Status)}";
        foreach (var target in snapshot.Offline)
            yield return $"{TerminalText.Of(target.Text)}: {Offline}{(snapshot.Unknown.Contains(target) ? " (not known to this server)" : "")}";
        foreach (var self in snapshot.Self)
        {
            yield return $"{TerminalText.Of(self.Text)}: " + snapshot.IsSelfOnline switch
            {
                true => "online (yourself: a connection is not told what its own user shows elsewhere)",
                false => Offline,
                null => "unknown (yourself: a connection is not told what its own user shows elsewhere)",
            };
        }
    }

    private static string Status(string? status) => status is null ? Offline : TerminalText.Quoted(status);

    private static string Time(WatchEvent shown) => shown.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
