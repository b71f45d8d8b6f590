namespace Presence.Tests.Programs;

/// <summary>
/// What one follower has been told of one session, as the places in its history that this can be. Equal texts make it several;
/// none at all is a violation of the contract.
/// </summary>
public sealed class View
{
    private SortedSet<int> _places;
    private bool _isAnywhere;

    private View(IEnumerable<int> places) => _places = [.. places];

    /// <summary>The session's connection opened while it was followed already.</summary>
    public static View FromTheStart() => new([0]);

    /// <summary>
    /// The session is one of the follower's own user: it is told of changes from some instant of its own start on, and not what
    /// was before (contract F9).
    /// </summary>
    public static View Anywhere() => new([]) { _isAnywhere = true };

    /// <summary>
    /// A follow by a name that a user may have later: the session is shown as it is at an instant to come, as a join (contract F6).
    /// </summary>
    public static View Unresolved() => new([]) { IsUnresolved = true };

    /// <summary>Whether the first that is told of the session may be a join of any of its statuses.</summary>
    public bool IsUnresolved { get; private set; }

    /// <summary>Whether the follower may be told nothing of the session: another user has the name that was followed.</summary>
    public bool MayBeIgnored { get; set; }

    /// <summary>
    /// Whether changes may have been merged: the follower was behind (contract L1). Once it was, a later place may be told next.
    /// </summary>
    public bool MayBeMerged { get; set; }

    public bool IsPossible => IsUnresolved || _isAnywhere || _places.Count > 0;

    /// <summary>What a follow's answer says: one instant not before what was confirmed when it was asked for (contract F2).</summary>
    public static View Shown(History history, string? status, int atLeast) =>
        new(Enumerable.Range(atLeast, history.Last + 1 - atLeast).Where(p => history[p] == status));

    /// <summary>What a second follow's answer says beside what was told: both are the present state (contract F4).</summary>
    public View And(View shown, History history) => new(IsUnresolved || _isAnywhere ? shown._places : Reachable(history).Intersect(shown._places))
    {
        MayBeMerged = MayBeMerged,
    };

    /// <summary>What an event says: it must start where the last one ended, and go one step (contract E2).</summary>
    public void Told(History history, string? leave, string? join)
    {
        SortedSet<int> next = [];
        foreach (var from in IsUnresolved || _isAnywhere ? Enumerable.Range(0, history.Last + 1) : Reachable(history).ToList())
        {
            if (IsUnresolved && leave is null)
                next.UnionWith(history[from] == join ? [from] : []);
            else if (history[from] == leave)
                next.UnionWith(Steps(history, from).Where(to => history[to] == join));
        }

        IsUnresolved = _isAnywhere = false;
        _places = next;
    }

    /// <summary>Whether the follower knows the end of the history (contract E3).</summary>
    public bool KnowsTheEnd(History history) =>
        IsUnresolved ? MayBeIgnored || history.Now is null : _isAnywhere || Reachable(history).Contains(history.Last);

    public override string ToString() => IsUnresolved ? "unresolved" : $"[{string.Join(",", _places)}]";

    private IEnumerable<int> Steps(History history, int from)
    {
        var steps = Enumerable.Range(from + 1, history.Last - from).Take(MayBeMerged ? int.MaxValue : 1);
        return history.MayEndAt(from) ? steps.Append(history.Last) : steps;
    }

    /// <summary>
    /// What came and went while the follower was behind, or what the connection asked for and did not live to see, is not told
    /// at all.
    /// </summary>
    private IEnumerable<int> Reachable(History history)
    {
        var hidden = _places.Where(p => history[p] is null && (MayBeMerged || history.MayEndAt(p)));
        return _places.Concat(hidden.SelectMany(p => Steps(history, p).Where(to => history[to] is null)));
    }
}
