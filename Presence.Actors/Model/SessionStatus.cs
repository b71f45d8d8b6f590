namespace Presence.Actors.Model;

/// <summary>One visible status: what one connection of a user shows (contract S3).</summary>
/// <param name="Session">The connection.</param>
/// <param name="Username">The name that its token gives the user.</param>
/// <param name="Status">The text, opaque to the server; empty is visible, absent is not represented.</param>
/// <param name="Revision">
/// Counts the updates of this connection, so that setting the same text again is a change like any other (contract S8).
/// </param>
public sealed record SessionStatus(SessionId Session, string Username, string Status, long Revision)
{
    /// <summary>The longest status, in bytes of UTF-8 (contract S2).</summary>
    public const int MaxBytes = 2048;

    /// <summary>
    /// The entry of a user on the page of a username: it says that connected users have the name, not what they show. All connections
    /// of the user share it, so its session is the user's id.
    /// </summary>
    /// <param name="user">The user.</param>
    /// <param name="revision">A number of the relay that is higher each time.</param>
    public static SessionStatus OfHolder(UserId user, long revision) => new(new SessionId(user.Value), "", "", revision);

    /// <summary>The user, of an entry of <see cref="OfHolder"/>.</summary>
    public UserId Holder => new(Session.Value);
}

/// <summary>
/// The step from what was last shown of a session to what is shown now; at least one of the two is present (contract E1).
/// </summary>
/// <param name="Old">What was shown before: the leave. Null: the session was not visible.</param>
/// <param name="New">What is shown from now on: the join. Null: the session is not visible any more.</param>
public readonly record struct StatusChange(SessionStatus? Old, SessionStatus? New)
{
    /// <summary>The session that changed.</summary>
    public SessionId Session => (New ?? Old)!.Session;

    /// <summary>
    /// This change and the one that follows it as one step, for a follower that was told of neither (contract L1). Null when
    /// nothing remains to be told: the session came and went.
    /// </summary>
    public StatusChange? Then(StatusChange next) =>
        Old is null && next.New is null ? null : new StatusChange(Old, next.New);
}
