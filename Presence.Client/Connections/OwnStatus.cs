namespace Presence.Client.Connections;

/// <summary>What this connection shows. A new link shows nothing, or the empty status, until the last one is restored.</summary>
/// <param name="first">What the first link is to show; null: nothing.</param>
internal sealed class OwnStatus(string? first)
{
    private volatile string? _shown;

    /// <summary>What was in force last on any link; null: nothing.</summary>
    public string? Last { get; private set; } = first;

    /// <summary>What is in force on the present link, as the server has acknowledged; null: nothing. It may be read at any time.</summary>
    public string? Shown => _shown;

    /// <summary>A link is there.</summary>
    /// <param name="beganOnline">Whether it has begun with the empty status.</param>
    public void LinkUp(bool beganOnline) => _shown = beganOnline ? "" : null;

    /// <summary>The server shows this.</summary>
    public void Acknowledge(string? status) => (Last, _shown) = (status, status);

    public void LinkLost() => _shown = null;
}
