namespace Presence.Client;

/// <summary>What a <see cref="PresenceClientOptions.TokenProvider"/> should know when it is asked.</summary>
public sealed class TokenContext
{
    /// <summary>
    /// Whether the last token is of no use any more, or soon: the server refused it, or ended the connection because it had expired or was
    /// revoked, or the token expires soon and the connection is to go on by another one. Who keeps tokens should get another one then; the same again would be refused again, and that ends the client.
    /// </summary>
    public bool MustBeNew { get; init; }
}
