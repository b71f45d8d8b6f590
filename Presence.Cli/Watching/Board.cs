using Presence.Client;

namespace Presence.Cli.Watching;

/// <summary>What a table of watched users shows: for each of them what every connection shows, or that there is none.</summary>
/// <param name="targets">The users, in the order of the rows.</param>
internal sealed class Board(IReadOnlyList<Target> targets)
{
    private readonly Dictionary<(Guid User, string Session), Row> _shown = [];
    private readonly Dictionary<Target, Row> _gone = [];
    private bool _hasBegun;

    /// <summary>A row.</summary>
    /// <param name="Name">Who.</param>
    /// <param name="Now">What is shown; null: nothing.</param>
    /// <param name="Before">What was shown before; null: nothing, or that is not known.</param>
    /// <param name="At">When that changed; null: before the watch began.</param>
    /// <param name="Note">What else there is to be said, in words of this tool.</param>
    internal sealed record Row(string Name, string? Now, string? Before = null, DateTimeOffset? At = null, string? Note = null)
    {
        /// <summary>Whether there was anything before.</summary>
        public bool HasChanged => At is not null;
    }

    /// <summary>The rows.</summary>
    public IEnumerable<Row> Rows
    {
        get
        {
            foreach (var target in targets)
            {
                var any = false;
                foreach (var ((user, _), row) in _shown)
                {
                    if (!target.IsOf(user, row.Name))
                        continue;
                    any = true;
                    yield return row;
                }

                if (!any)
                    yield return _gone.GetValueOrDefault(target) ?? new Row(target.Text, null, Note: _hasBegun ? null : "…");
            }
        }
    }

    /// <summary>Begins with what is so.</summary>
    public void Begin(Snapshot snapshot)
    {
        _hasBegun = true;
        foreach (var p in snapshot.Presences)
            _shown[(p.UserId, p.SessionId)] = new Row(p.Username, p.Status);
        foreach (var target in snapshot.Unknown)
            _gone[target] = new Row(target.Text, null, Note: "not known here (yet)");
        foreach (var self in snapshot.Self)
            _gone[self] = new Row(self.Text, null, Note: snapshot.IsSelfOnline == false ? null : "you: told when it changes");
    }

    /// <summary>Adds a change.</summary>
    public void Add(StatusChange change, DateTimeOffset at)
    {
        var row = new Row(change.Username, change.New, change.Old, at);
        if (change.New is not null)
        {
            _shown[(change.UserId, change.SessionId)] = row;
            return;
        }

        _shown.Remove((change.UserId, change.SessionId));
        foreach (var target in targets.Where(t => t.IsOf(change.UserId, change.Username)))
            _gone[target] = row;
    }
}
