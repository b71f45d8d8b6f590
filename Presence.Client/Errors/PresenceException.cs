namespace Presence.Client;

/// <summary>Something that this library reports; what it is, its descendants say.</summary>
public abstract class PresenceException : Exception
{
    private protected PresenceException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
