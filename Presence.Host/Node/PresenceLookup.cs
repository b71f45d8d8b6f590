using System.Collections.Immutable;
using Akka.Actor;
using Akka.Hosting;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Presence.Host.Http;

namespace Presence.Host.Node;

/// <summary>Asks the homes, wherever they live.</summary>
internal sealed class PresenceLookup(IRequiredActor<UserPresence> homes) : IPresenceLookup
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public Task<ImmutableArray<SessionStatus>> VisibleAsync(UserId user, CancellationToken ct) => AskAsync(Subject.OfUser(user), ct);

    /// <inheritdoc/>
    public async Task<ImmutableArray<UserId>> BearersAsync(string username, CancellationToken ct) =>
        [.. (await AskAsync(Subject.OfName(username), ct).ConfigureAwait(false)).Select(s => new UserId(Guid.Parse(s.Status))).Distinct()];

    private async Task<ImmutableArray<SessionStatus>> AskAsync(Subject subject, CancellationToken ct)
    {
        try
        {
            var answer = await homes.ActorRef.Ask<BookAnswer>(new BookQuery(subject), Patience, ct).ConfigureAwait(false);
            return answer.Sessions;
        }
        catch (AskTimeoutException late)
        {
            throw new TimeoutException("No home has answered in time.", late);
        }
    }
}
