using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Host.Http;

/// <summary>What the HTTP API asks the cluster about users. A question that gets no answer in time fails.</summary>
internal interface IPresenceLookup
{
    /// <summary>Those of the users who show a status, even an empty one, each with its username; the others are offline.</summary>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    Task<ImmutableDictionary<UserId, string>> ShownAsync(ImmutableArray<UserId> users, CancellationToken ct);

    /// <summary>
    /// Of each username that a connection has, with a status or without, the users who have it: at most 100. A username that nobody has is
    /// absent.
    /// </summary>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    Task<ImmutableDictionary<string, ImmutableArray<UserId>>> UsersOfNamesAsync(ImmutableArray<string> usernames, CancellationToken ct);
}
