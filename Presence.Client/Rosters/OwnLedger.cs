namespace Presence.Client.Rosters;

/// <summary>
/// What this connection has been told of its own user's presences: only changes, never what the other devices showed before. So the
/// first that is told of a session may begin anywhere; from then on each change begins where the last one ended.
/// </summary>
internal sealed class OwnLedger
{
    private readonly Dictionary<string, UserPresence> _shown = new(StringComparer.Ordinal);

    /// <summary>The change that the server tells of; null if it says nothing new.</summary>
    public StatusChange? Apply(UserPresence? leave, UserPresence? join)
    {
        var session = (join ?? leave)!.SessionId;
        var isKnown = _shown.TryGetValue(session, out var last);
        if (!isKnown)
            last = leave;
        if (join is null)
            _shown.Remove(session);
        else
            _shown[session] = join;
        return isKnown && join == last && leave != last ? null : StatusChange.Between(last, join);
    }

    /// <summary>A new connection is told of nothing that was before.</summary>
    public void Clear() => _shown.Clear();
}
