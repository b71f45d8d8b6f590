using System.Collections.Immutable;
using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>Follows through one relay and holds it to what it may tell.</summary>
internal sealed class Witness(FaultyWorld world, RelayPart relay)
{
    private readonly Dictionary<SessionId, SessionStatus> _shown = [];
    private readonly Dictionary<SessionId, long> _latest = [];

    public IEnumerable<SessionStatus> Shown => _shown.Values;

    public void Hear(ImmutableArray<StatusChange> changes, Book book)
    {
        foreach (var change in changes)
            Hear(change);
        ExpectNoGhost();
        if (!_shown.Values.ToHashSet().SetEquals(book.Sessions) || _shown.Count != book.Sessions.Length)
            Report(Violation.UntoldBook, $"told [{List(Shown)}], the book shows [{List(book.Sessions)}]");
    }

    /// <summary>Nothing is shown of a node once its removal is known here.</summary>
    public void ExpectNoGhost()
    {
        if (Shown.FirstOrDefault(s => relay.Node.HasSeenRemoved(world.Session(s.Session).Node)) is { } ghost)
            Report(Violation.Ghost, Name(ghost));
    }

    public static string List(IEnumerable<SessionStatus> statuses) =>
        string.Join(' ', statuses.Select(s => s.Status).Order(StringComparer.Ordinal));

    private void Hear(StatusChange change)
    {
        if (change.Old is null && change.New is null)
        {
            Report(Violation.BrokenChain, "a change of nothing into nothing");
            return;
        }

        var last = _shown.GetValueOrDefault(change.Session);
        if (!Equals(change.Old, last))
            Report(Violation.BrokenChain, $"{Name(change.Old)} leaves where {Name(last)} was shown");
        var session = world.Session(change.Session);
        if (change.New is { } next)
        {
            if (!session.EverShowed(next))
                Report(Violation.Invented, Name(next));

            var latest = _latest.GetValueOrDefault(change.Session);
            if (next.Revision <= latest)
                Report(Violation.Backward, $"{Name(next)} after revision {latest}");
            _latest[change.Session] = Math.Max(latest, next.Revision);
            _shown[change.Session] = next;
        }
        else
        {
            if (!session.ShowedNothingAfter(change.Old!.Revision))
                Report(Violation.FalseLeave, Name(change.Old));
            _shown.Remove(change.Session);
        }
    }

    private void Report(string rule, string what) => world.Violate(rule, $"the followers at {relay.Id}: {what}");

    private static string Name(SessionStatus? status) => status?.Status ?? "nothing";
}
