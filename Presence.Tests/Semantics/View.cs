using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Semantics;

/// <summary>
/// What a follower believes, built from nothing but what it was told, and every breach of the chain rule on the way (contract
/// E2): a leave that is not exactly what was last shown, a join of a session that is shown already, an event before the answer
/// to the follow.
/// </summary>
public sealed class View(Peer follower)
{
    private readonly Dictionary<string, Shown> _shown = [];
    private readonly HashSet<UserId> _answered = [follower.User];
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Whether users must have been named in an answer before their events.</summary>
    public bool ExpectsAnswers { get; init; }

    public IEnumerable<Shown> Of(UserId user) => _shown.Values.Where(s => s.User == user);

    /// <summary>The answer to a follow of these users is told.</summary>
    public void Apply(Told.Snapshot snapshot, IEnumerable<UserId> users)
    {
        foreach (var user in users.Where(u => u != follower.User))
        {
            var told = snapshot.Presences.Where(p => p.User == user).ToList();
            if (!_answered.Add(user) && !told.ToHashSet().SetEquals(Of(user)))
                Fault($"is answered [{string.Join(", ", told)}] while it was shown [{string.Join(", ", Of(user))}]");
            foreach (var old in Of(user).ToList())
                _shown.Remove(old.Session);
            foreach (var shown in told)
            {
                if (!_shown.TryAdd(shown.Session, shown))
                    Fault($"is answered {shown} twice");
            }
        }
    }

    /// <summary>The reply to an unfollow is told.</summary>
    public void Forget(UserId user)
    {
        _answered.Remove(user);
        foreach (var old in Of(user).ToList())
            _shown.Remove(old.Session);
    }

    public void Apply(Told.Event told)
    {
        foreach (var shown in told.Joins.Concat(told.Leaves))
        {
            if (ExpectsAnswers && !_answered.Contains(shown.User))
                Fault($"is told {told} before the answer to its follow");
        }

        foreach (var leave in told.Leaves)
        {
            if (!_shown.Remove(leave.Session, out var last))
                Fault($"is told that {leave} leaves, which it was never shown");
            else if (last != leave)
                Fault($"is told that {leave} leaves while it was shown {last}");
        }

        foreach (var join in told.Joins)
        {
            if (!_shown.TryAdd(join.Session, join))
                Fault($"is told that {join} joins while it is shown {_shown[join.Session]}");
        }
    }

    private void Fault(string what) => _faults.Add($"{follower.Username} {what}");
}
