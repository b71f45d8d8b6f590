using Presence.Client.Rosters;

namespace Presence.Client;

/// <summary>
/// One change of what a connection of a user shows. <paramref name="Old"/> is exactly what was last told of this session (or null if
/// that was nothing), so the changes of a session form a chain without gaps.
/// </summary>
/// <param name="UserId">Whose status it is.</param>
/// <param name="SessionId">The connection that shows it.</param>
/// <param name="Username">The name of the user.</param>
/// <param name="Old">What was shown before; null: nothing, the session is new.</param>
/// <param name="New">What is shown now; null: nothing, the status was erased or the connection has ended.</param>
public sealed record StatusChange(Guid UserId, string SessionId, string Username, string? Old, string? New)
{
    internal PresenceKey Key => new(UserId, SessionId);

    /// <summary>What is shown now; null: nothing.</summary>
    internal UserPresence? Shown => New is null ? null : new UserPresence(UserId, SessionId, Username, New);

    /// <summary>What was shown before; null: nothing.</summary>
    internal UserPresence? Before => Old is null ? null : new UserPresence(UserId, SessionId, Username, Old);

    internal static StatusChange? Between(UserPresence? old, UserPresence? shown) => (shown ?? old) is { } either
        ? new StatusChange(either.UserId, either.SessionId, either.Username, old?.Status, shown?.Status)
        : null;
}
