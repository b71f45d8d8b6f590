using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Client.Faults;

/// <summary>Waits for what tells nobody when it comes.</summary>
internal static class Until
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    /// <summary>Returns when the condition holds; fails with what was awaited after <see cref="Peer.Patience"/>.</summary>
    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Peer.Patience);
        while (!condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"Awaited {what} for {Peer.Patience.TotalSeconds} s.");
            await Task.Delay(Period);
        }
    }
}
