using Presence.Cli.Accounts;
using Presence.Cli.Commands;
using Presence.Client;

namespace Presence.Cli.Watching;

/// <summary>Who of some users is online at one instant, and what they show.</summary>
/// <param name="Presences">What connections of them show, user by user in the order in which they were asked for.</param>
/// <param name="Offline">Who shows nothing.</param>
/// <param name="Unknown">Who shows nothing, and whom the server does not know at all (yet): perhaps a slip of the pen.</param>
/// <param name="Self">Whoever asks, as often as asked for, by name and by id: a connection is not told what its own user shows elsewhere.</param>
internal sealed record Snapshot(
    IReadOnlyList<UserPresence> Presences, IReadOnlyList<Target> Offline, IReadOnlyList<Target> Unknown, IReadOnlyList<Target> Self)
{
    /// <summary>Whether one's own user is online, as far as that could be found out.</summary>
    public bool? IsSelfOnline { get; init; }

    /// <summary>Follows users and tells what they show.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="told">A subscription of it from which nothing has been taken: its changes begin where the snapshot ends.</param>
    /// <param name="targets">The users.</param>
    /// <param name="access">For those who are silent: whether the server knows them.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<Snapshot> TakeAsync(
        PresenceClient client, StatusSubscription told, IReadOnlyList<Target> targets, Access access, CancellationToken cancel)
    {
        var ids = targets.Select(t => t.Id).OfType<Guid>();
        var names = targets.Where(t => t.Id is null).Select(t => t.Text);
        await client.FollowAsync(ids, names, cancel).ConfigureAwait(false);
        var roster = told.Roster;
        var self = client.UserId is { } own ? targets.Where(t => t.IsOf(own, client.Username)).ToList() : [];
        var shown = targets.SelectMany(t => roster.Where(t.IsOf)).Distinct().ToList();
        var silent = targets.Where(t => !self.Contains(t) && !roster.Any(t.IsOf)).ToList();
        var known = await FindAsync(access, [.. silent, .. self], cancel).ConfigureAwait(false);
        return new Snapshot(
            shown,
            silent,
            known is null ? [] : [.. silent.Where(t => !known.Any(k => t.IsOf(k.Id, k.Username)))],
            self)
        {
            IsSelfOnline = self.Count == 0 ? null : known?.Any(k => k.Online && k.Id == client.UserId),
        };
    }

    /// <summary>Whom the server knows; null: it does not say, and nobody is worse off.</summary>
    private static async Task<IReadOnlyList<KnownUser>?> FindAsync(Access access, List<Target> targets, CancellationToken cancel)
    {
        if (targets.Count == 0 || access.Server.Api is null)
            return null;
        try
        {
            using var api = new ServerApi(access.Server);
            return await api.FindAsync(await access.Token(cancel).ConfigureAwait(false), targets, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiException or FailureException)
        {
            return null;
        }
    }
}
