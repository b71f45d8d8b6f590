namespace Presence.Host.Links;

/// <summary>
/// When each link of a stopping node is told to go elsewhere (contract C5): one after the other, evenly over the drain time,
/// the last one at its end. Pure: the links and the time come from outside.
/// </summary>
/// <remarks>
/// Oldest first. While the nodes of a cluster are restarted one by one, the youngest links are those that have just been sent
/// here by another node's stop: they are left in peace the longest. And nothing of it is left to chance. The places of links
/// that end meanwhile by themselves stay empty, so no moment ever has more than its share.
/// </remarks>
/// <param name="oldestFirst">The links, in the order in which they are to go.</param>
/// <param name="time">The drain time; zero makes all of them due at once.</param>
internal sealed class DrainPlan<T>(IReadOnlyList<T> oldestFirst, TimeSpan time)
{
    private int _told;

    /// <summary>Whether all have become due.</summary>
    public bool IsOver => _told == oldestFirst.Count;

    /// <summary>The links that have become due since it was asked last.</summary>
    /// <param name="elapsed">The time since the drain began.</param>
    public IEnumerable<T> Due(TimeSpan elapsed) => Until(
        elapsed >= time ? oldestFirst.Count : (int)(oldestFirst.Count * (Math.Max(0, elapsed.Ticks) / (double)time.Ticks)));

    /// <summary>All that are left.</summary>
    public IEnumerable<T> Rest() => Until(oldestFirst.Count);

    private IEnumerable<T> Until(int count)
    {
        var from = _told;
        _told = Math.Max(_told, count);
        return oldestFirst.Skip(from).Take(_told - from);
    }
}
