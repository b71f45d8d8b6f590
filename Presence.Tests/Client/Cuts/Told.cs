using Presence.Client;

namespace Presence.Tests.Client.Cuts;

/// <summary>
/// What one consumer was told, held against the <see cref="Truth"/>: each change begins where the last of its session ended, and
/// what is told of a session is what its device showed, in that order, with nothing but gaps.
/// </summary>
internal sealed class Told(Truth truth)
{
    private readonly object _gate = new();
    private readonly Dictionary<(Guid User, string Session), Place> _sessions = [];
    private readonly List<string> _faults = [];
    private int _changes;

    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate)
                return [.. _faults];
        }
    }

    public int Changes
    {
        get
        {
            lock (_gate)
                return _changes;
        }
    }

    /// <summary>The sum of all that was told.</summary>
    public IReadOnlyList<string> Shown
    {
        get
        {
            lock (_gate)
                return [.. _sessions.Values.Select(place => place.Status).OfType<string>().Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The answer to a follow.</summary>
    public void Apply(UserPresence shown) => Apply(new StatusChange(shown.UserId, shown.SessionId, shown.Username, null, shown.Status));

    public void Apply(StatusChange change)
    {
        lock (_gate)
        {
            _changes++;
            var key = (change.UserId, change.SessionId);
            if (!_sessions.TryGetValue(key, out var last))
                last = change.New is { } first ? new Place(Truth.DeviceOf(first), 0, null) : new Place("", 0, null);
            if (last.Status != change.Old)
                _faults.Add($"{change} begins elsewhere than at {last.Status ?? "nothing"}");
            if (truth.Find(last.Device, last.At, change.New) is not { } at)
            {
                _faults.Add($"{change} was not so after {last}");
                at = last.At;
            }

            _sessions[key] = new Place(last.Device, at, change.New);
        }
    }

    private sealed record Place(string Device, int At, string? Status);
}
