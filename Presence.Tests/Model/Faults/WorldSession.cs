using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>One connection and all that it ever showed: the truth.</summary>
internal sealed class WorldSession(int number, WorldNode node)
{
    // By revision; null where it showed nothing.
    private readonly List<SessionStatus?> _history = [null];

    public SessionId Id { get; } = new(new Guid(number, 0, 0, new byte[8]));

    public WorldNode Node { get; } = node;

    public SessionStatus? Shown => _history[^1];

    public SessionStatus Set()
    {
        var status = new SessionStatus(Id, "ann", $"{this}@{_history.Count}", _history.Count);
        _history.Add(status);
        return status;
    }

    public void Erase() => _history.Add(null);

    public bool EverShowed(SessionStatus status) =>
        status.Revision > 0 && status.Revision < _history.Count && status.Equals(_history[(int)status.Revision]);

    public bool ShowedNothingAfter(long revision) => _history.Skip((int)revision + 1).Contains(null);

    public override string ToString() => $"s{number}";
}
