namespace Presence.Client;

/// <summary>
/// What one connection of a user shows. A user with several devices has as many presences as devices that show something; a
/// presence is identified by <paramref name="UserId"/> and <paramref name="SessionId"/> together.
/// </summary>
/// <param name="UserId">Whose it is.</param>
/// <param name="SessionId">The connection: opaque, and another one after each reconnect.</param>
/// <param name="Username">The name of the user, as the user's token said.</param>
/// <param name="Status">What is shown: any text, also the empty one.</param>
public sealed record UserPresence(Guid UserId, string SessionId, string Username, string Status);
