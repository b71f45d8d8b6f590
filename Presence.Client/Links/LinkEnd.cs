namespace Presence.Client.Links;

/// <summary>How a link ended, as far as its client was told.</summary>
/// <param name="CloseCode">The close code of a WebSocket.</param>
/// <param name="Text">The reason in the server's words.</param>
/// <param name="Fault">What broke it.</param>
internal sealed record LinkEnd(int? CloseCode, string? Text, Exception? Fault = null)
{
    /// <summary>An end of which nothing is known.</summary>
    public static readonly LinkEnd Plain = new(null, null);
}
