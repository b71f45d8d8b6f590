using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Host.Http;

/// <summary>What the HTTP API asks the cluster about users. A question that gets no answer in time fails.</summary>
internal interface IPresenceLookup
{
    /// <summary>The sessions of a user that show a status; empty: the user is offline.</summary>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    Task<ImmutableArray<SessionStatus>> VisibleAsync(UserId user, CancellationToken ct);

    /// <summary>The users with a connection that bears this name, with a status or without.</summary>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    Task<ImmutableArray<UserId>> BearersAsync(string username, CancellationToken ct);
}
