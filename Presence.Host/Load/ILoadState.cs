namespace Presence.Host.Load;

/// <summary>Tells how loaded the node is. Safe from any thread, and cheap enough to ask for each request.</summary>
internal interface ILoadState
{
    /// <summary>The level at the last sample.</summary>
    LoadLevel Level { get; }
}

/// <summary>The state of a host that does not measure its load, e.g. one with the HTTP API alone.</summary>
internal sealed class UnmeasuredLoad : ILoadState
{
    /// <inheritdoc/>
    public LoadLevel Level => LoadLevel.Calm;
}
