namespace Presence.Cli.Watching;

/// <summary>A watch for programs: one JSON object per line (README.md has the fields).</summary>
/// <param name="output">For the lines.</param>
internal sealed class JsonView(TextWriter output) : IWatchView
{
    /// <inheritdoc/>
    public Task<T> DuringAsync<T>(Func<Task<T>> watch) => watch();

    /// <inheritdoc/>
    public void Show(WatchEvent shown) => output.WriteLine(shown switch
    {
        Began began => SnapshotLine.Of(began.Snapshot, began.At).ToString(),
        Changed changed => ChangeLine.Of(changed.Change, changed.At).ToString(),
        StateChanged changed => StateLine.Of(changed.State, changed.At).ToString(),
        _ => throw new ArgumentOutOfRangeException(nameof(shown), shown, "There is no such event."),
    });
}
