using System.Collections.Immutable;

namespace Presence.Client.Wire;

/// <summary>What a client asks of a server (protocol section C).</summary>
internal abstract record ClientMessage
{
    private ClientMessage()
    {
    }

    /// <summary>Shows this text, or nothing if it is null.</summary>
    public sealed record UpdateStatus(string? Status) : ClientMessage;

    public sealed record Follow(ImmutableArray<Guid> UserIds, ImmutableArray<string> Usernames) : ClientMessage;

    public sealed record Unfollow(ImmutableArray<Guid> UserIds) : ClientMessage;

    /// <summary>Goes on by this token, on a server that knows the request.</summary>
    public sealed record RefreshSession(string Token) : ClientMessage;

    public sealed record Ping : ClientMessage;
}
