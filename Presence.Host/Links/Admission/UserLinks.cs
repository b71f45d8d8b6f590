using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Limits;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;

namespace Presence.Host.Links.Admission;

/// <summary>
/// Counts the links of each user on this node, and says when a user has as many as it may (contract L4). The newest link is the one
/// that is refused. Safe from any thread.
/// </summary>
/// <param name="options">The configuration.</param>
/// <param name="refusals">Where refusals are counted.</param>
/// <param name="replaced">Which logins must wait because newer connections have replaced them.</param>
internal sealed class UserLinks(IOptions<PresenceOptions> options, Refusals refusals, ReplacedLogins replaced)
{
    /// <summary>The user has as many links as it may have. When it will have fewer is not known.</summary>
    public static readonly UserRefusal NoRoom = new(Limit.ConnectionsPerUser, RetryAfter: 5);

    private readonly int _limit = options.Value.Limits.ConnectionsPerUser;
    private readonly Lock _lock = new();
    private readonly Dictionary<UserId, int> _links = [];

    /// <summary>Whether a user may have one more link. It is asked before a link is made, so that a refusal is an answer.</summary>
    public bool HasRoom(UserId user)
    {
        lock (_lock)
            return _links.GetValueOrDefault(user) < _limit;
    }

    /// <summary>Why a login gets no link now; null if it may have one. It is asked before a link is made.</summary>
    public UserRefusal? RefusalOf(Identity identity)
    {
        if (!HasRoom(identity.User))
            return NoRoom;
        var wait = replaced.WaitOf(identity);
        return wait > TimeSpan.Zero ? new UserRefusal(Limit.ReplacedLogins, (int)Math.Ceiling(wait.TotalSeconds)) : null;
    }

    /// <summary>
    /// A link of a user has been made. False: there are too many now, because several came at the same time, and this one is to be
    /// closed. It counts until <see cref="Leave"/> in any case.
    /// </summary>
    public bool TryEnter(UserId user)
    {
        lock (_lock)
            return (_links[user] = _links.GetValueOrDefault(user) + 1) <= _limit;
    }

    /// <summary>A link of a user is over.</summary>
    public void Leave(UserId user)
    {
        lock (_lock)
        {
            if (--_links[user] == 0)
                _links.Remove(user);
        }
    }

    /// <summary>A link was refused by one of the limits of its user.</summary>
    public void CountRefusal(Limit limit) => refusals.Count(limit);
}
