using Presence.Actors.Connections;

namespace Presence.Host.Links;

/// <summary>Sends the links of a stopping node elsewhere, as a <see cref="DrainPlan{T}"/> says (contract C5).</summary>
internal sealed class LinkDrain(LinkSet links, TimeProvider clock)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Tells every link to go, over a time; returns when all have been told, or are gone. No link is added from now on.
    /// </summary>
    /// <param name="time">The drain time.</param>
    /// <param name="hastened">When cancelled, those that are left are told at once.</param>
    public async Task RunAsync(TimeSpan time, CancellationToken hastened)
    {
        var plan = new DrainPlan<Link>(links.TakeNoMore(), time);
        var begin = clock.GetTimestamp();
        using var timer = new PeriodicTimer(Period, clock);
        while (true)
        {
            foreach (var link in hastened.IsCancellationRequested ? plan.Rest() : plan.Due(clock.GetElapsedTime(begin)))
                link.End(CloseReason.Restart);
            if (plan.IsOver || links.IsEmpty)
                return;
            try
            {
                await timer.WaitForNextTickAsync(hastened).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Round once more, for the rest.
            }
        }
    }
}
