namespace Presence.Client.Links;

/// <summary>The server refused a connection.</summary>
/// <param name="isToken">Whether because of the token.</param>
/// <param name="message">What it said.</param>
/// <param name="inner">Where that came from.</param>
internal sealed class LinkRefusedException(bool isToken, string message, Exception? inner = null) : Exception(message, inner)
{
    public bool IsToken { get; } = isToken;

    /// <summary>How long the server asks the client to wait before the next attempt; null if it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
