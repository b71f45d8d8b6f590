namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Keeps as many links open as the abuse has clients: it opens those again that the server has ended.</summary>
/// <param name="context">The run.</param>
/// <param name="atOnce">How many are opened at the same time.</param>
internal sealed class LinkPool(AbuseContext context, int atOnce)
{
    // Those who come again do not come all at once: that is what the first ones do.
    private const int MostAgain = 1000;
    private const int AgainAtOnce = 20;

    private readonly List<Task> _links = [];

    /// <summary>Opens links until the abuse is to end.</summary>
    /// <param name="pause">The time between two looks for ended links.</param>
    /// <param name="open">Opens the link of a number, and returns the task that ends with the link; null if it was not opened.</param>
    public async Task KeepAsync(TimeSpan pause, Func<int, Task<Task?>> open)
    {
        await OpenAsync(context.Clients, atOnce, open).ConfigureAwait(false);
        while (!context.Ended.IsCancellationRequested)
        {
            await context.PauseAsync(pause).ConfigureAwait(false);
            int missing;
            lock (_links)
            {
                _links.RemoveAll(l => l.IsCompleted);
                missing = context.Clients - _links.Count;
            }

            await OpenAsync(Math.Min(missing, MostAgain), AgainAtOnce, open).ConfigureAwait(false);
        }
    }

    private Task OpenAsync(int count, int atOnceNow, Func<int, Task<Task?>> open) => context.ForManyAsync(count, atOnceNow, async i =>
    {
        if (await open(i).ConfigureAwait(false) is not { } link)
            return;
        context.Done.Add("connected");
        lock (_links)
            _links.Add(link);
    });
}
