using Presence.Host.Load;

namespace Presence.Tests.Host.Load;

/// <summary>A load that is what the test says.</summary>
internal sealed class FixedLoad : ILoadState
{
    private volatile LoadLevel _level;

    public LoadLevel Level
    {
        get => _level;
        set => _level = value;
    }
}
