namespace Presence.Cli.Watching;

/// <summary>A way to show a watch.</summary>
internal interface IWatchView
{
    /// <summary>Is there while a watch goes on.</summary>
    Task<T> DuringAsync<T>(Func<Task<T>> watch);

    /// <summary>Shows the next event.</summary>
    void Show(WatchEvent shown);
}
