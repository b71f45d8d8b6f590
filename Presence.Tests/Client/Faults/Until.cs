using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Client.Faults;

/// <summary>Waits for what tells nobody when it comes.</summary>
internal static class Until
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    /// <summary>Returns when the condition holds; fails with what was awaited when that takes too long.</summary>
    /// <param name="condition">What is to hold.</param>
    /// <param name="what">The same in words.</param>
    /// <param name="patience">How long it may take; by default <see cref="Peer.Patience"/>.</param>
    /// <param name="describe">Tells how it is instead.</param>
    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? patience = null, Func<string>? describe = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, patience, describe);

    /// <summary>The same for a condition that has to be waited for.</summary>
    /// <param name="condition">What is to hold.</param>
    /// <param name="what">The same in words.</param>
    /// <param name="patience">How long it may take; by default <see cref="Peer.Patience"/>.</param>
    /// <param name="describe">Tells how it is instead.</param>
    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? patience = null, Func<string>? describe = null)
    {
        using var end = new CancellationTokenSource(patience ?? Peer.Patience);
        while (!await condition())
        {
            if (end.IsCancellationRequested)
                throw new TimeoutException($"Awaited {what}, in vain. {describe?.Invoke()}");
            await Task.Delay(Period);
        }
    }
}
