namespace Presence.Host.Links.Rehearsing;

/// <summary>
/// Waits until the runtime has compiled anew what has been called often. It counts calls only when for 100 to 200 ms nothing was called that
/// had never been, and compiles behind our back; what is done before that has ended counts for less.
/// </summary>
/// <param name="compiled">How many methods the process has compiled.</param>
/// <param name="clock">The time.</param>
internal sealed class CompilerCalm(Func<long> compiled, TimeProvider clock)
{
    /// <summary>How long it is looked whether anything is compiled.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>How many methods of one look are too few to wait for: a node in a cluster is never quite without something new.</summary>
    public const int Few = 20;

    /// <summary>How many looks there are at most: a process that does other things as well may never be calm.</summary>
    public const int MostLooks = 8;

    /// <summary>Waits for one look at least.</summary>
    public async Task AwaitAsync(CancellationToken cancel)
    {
        var before = compiled();
        for (var looks = 1; ; looks++)
        {
            await Task.Delay(Look, clock, cancel).ConfigureAwait(false);
            var now = compiled();
            if (now - before <= Few || looks == MostLooks)
                return;
            before = now;
        }
    }
}
