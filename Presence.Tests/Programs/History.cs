using Presence.Actors.Model;
using Presence.Tests.Node;

namespace Presence.Tests.Programs;

/// <summary>
/// The truth about one session: every status that its connection has shown, in order, from nothing to its end. A follower's
/// knowledge is a place in it.
/// </summary>
public sealed class History(UserId user, SessionId session, InMemoryNode node)
{
    private readonly List<string?> _states = [null];
    private bool _hasEnded;

    public UserId User { get; } = user;

    public SessionId Session { get; } = session;

    public InMemoryNode Node { get; } = node;

    /// <summary>The last place that an answer has confirmed: whoever asks later must not be told less (contract S7).</summary>
    public int Confirmed { get; set; }

    public int Last => _states.Count - 1;

    public string? Now => _states[^1];

    public string? this[int place] => _states[place];

    /// <summary>The connection has asked to show something else; says where in the history that is.</summary>
    public int Show(string? status)
    {
        if (status is not null || Now is not null)
            _states.Add(status);
        return Last;
    }

    /// <summary>Whether the connection may have ended at this place: what it asked for behind it was never confirmed.</summary>
    public bool MayEndAt(int place) => _hasEnded && place >= Confirmed;

    public void End()
    {
        Show(null);
        _hasEnded = true;
    }

    public override string ToString() => $"{Session}: {string.Join(" -> ", _states.Select(s => s ?? "nothing"))}";
}
