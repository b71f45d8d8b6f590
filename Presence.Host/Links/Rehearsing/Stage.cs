using System.Globalization;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Framing;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links.Rehearsing;

/// <summary>Lets in those who know the word, as the user of their number, and takes no place of others for them.</summary>
/// <param name="front">What makes links of them, as of everybody.</param>
/// <param name="word">What a token begins with; a full stop and the number follow.</param>
/// <param name="users">The users, by their number.</param>
internal sealed class Stage(ILinkFront front, string word, UserId[] users) : ILinkFront
{
    /// <inheritdoc/>
    public ValueTask<UpgradeOutcome.Upgraded?> DecideAsync(UpgradeRequest request)
    {
        var isKnown = request.Token is [{ } token]
            && token.Split('.') is [var said, var number]
            && said == word
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && at < users.Length
            ? at
            : (int?)null;
        if (isKnown is not { } user
            || !WebSocketHandshake.TryAccept(request.Connection, request.Upgrade, request.Version, request.Key, out var accept))
        {
            return new(default(UpgradeOutcome.Upgraded));
        }

        var identity = new Identity(users[user], $"rehearsal-{users[user]}", null, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        return new(new UpgradeOutcome.Accepted(identity, WireFormat.Json, AppearsOnline: true, accept, null));
    }

    /// <inheritdoc/>
    public void Begin(LoopSocket socket, UpgradeOutcome.Upgraded upgraded) => front.Begin(socket, upgraded);

    /// <inheritdoc/>
    public void BeginPlain(LoopSocket socket) => throw new NotSupportedException("The port of a rehearsal speaks HTTP.");
}
