using Presence.Client;
using Presence.Tests.Client.Cuts;

namespace Presence.Tests.Client.Programs;

/// <summary>
/// What one client was told, by answers and by changes, held against the <see cref="Truth"/>. It throws what breaks a clause.
/// </summary>
/// <param name="truth">What the devices have shown.</param>
/// <param name="self">The client's own user, whose devices it must not be told of.</param>
/// <param name="isExact">Whether every single change must be told; else those of one session may be merged.</param>
internal sealed class Heard(Truth truth, Person self, bool isExact)
{
    private readonly Dictionary<(Guid User, string Session), Place> _places = [];
    private readonly Dictionary<Person, Following> _follows = [];

    private enum Following
    {
        Certainly,

        /// <summary>By a name that nobody was seen to have yet: the first that is told is a join, of any instant (contract F6).</summary>
        Perhaps,
    }

    /// <summary>The sum of what was told.</summary>
    public IReadOnlyList<string> Shown => [.. _places.Values.Select(p => p.Status).OfType<string>().Order(StringComparer.Ordinal)];

    /// <summary>How far in the histories it is.</summary>
    public IReadOnlyDictionary<(Guid, string), Place> Now => _places.ToDictionary();

    public bool Follows(Guid user) => _follows.Keys.Any(p => p.Id == user);

    public bool Follows(string status) => _follows.Keys.Any(p => p.Shows(status));

    /// <summary>The answer to a follow: where the histories begin of those who were not followed, and no news of the others.</summary>
    public void Learn(
        IReadOnlyList<Person> people, bool byName, IReadOnlyList<UserPresence> shown, IReadOnlyDictionary<(Guid User, string Session), Place> before)
    {
        if (shown.FirstOrDefault(p => p.UserId == self.Id || people.All(o => o.Id != p.UserId)) is { } stranger)
            throw new InvalidOperationException($"F1: the answer shows {stranger}, who was not asked for");
        foreach (var person in people.Where(p => p != self))
        {
            var shows = shown.Where(p => p.UserId == person.Id).ToDictionary(p => p.SessionId, p => p.Status);
            var isCertain = !byName || shows.Count > 0;
            if (_follows.ContainsKey(person))
            {
                if (isCertain)
                    CheckNoOlder(person, shows, before);
                continue;
            }

            _follows[person] = isCertain ? Following.Certainly : Following.Perhaps;
            foreach (var (session, status) in shows)
                _places[(person.Id, session)] = Find(Truth.DeviceOf(status), -1, status) ?? throw new InvalidOperationException($"F2: {status} was never shown");
        }
    }

    public void Apply(StatusChange change)
    {
        if (_follows.Keys.SingleOrDefault(p => p.Id == change.UserId) is not { } person)
            throw new InvalidOperationException($"E5: told of {change}, whom it does not follow");
        var key = (change.UserId, change.SessionId);
        var last = _places.GetValueOrDefault(key);
        if (last?.Status != change.Old)
            throw new InvalidOperationException($"E2: {change} begins elsewhere than at {last}");
        var now = Find(last?.Device ?? Truth.DeviceOf(change.New ?? ""), last?.At ?? 0, change.New)
            ?? throw new InvalidOperationException($"E2: {change} was not so after {last}");

        // Of a session that was not shown it is known that it showed nothing, but not how often it had done so.
        var mayBegin = last is not null ? truth.IsNext(now.Device, last.At, now.At)
            : _follows[person] == Following.Perhaps || truth.Find(now.Device, now.At - 2, null) == now.At - 1;
        if (isExact && !mayBegin)
            throw new InvalidOperationException($"E3: {change} skips what was shown after {last}");
        _places[key] = now;
        _follows[person] = Following.Certainly;
    }

    /// <summary>The user is not followed any more.</summary>
    public void Forget(Person person)
    {
        _follows.Remove(person);
        foreach (var key in _places.Keys.Where(k => k.User == person.Id).ToList())
            _places.Remove(key);
    }

    /// <summary>A roster must be the sum of what was told.</summary>
    /// <param name="roster">The roster, without some users.</param>
    /// <param name="without">These.</param>
    public void Check(IEnumerable<UserPresence> roster, IReadOnlySet<Guid> without)
    {
        var sum = _places.Where(p => !without.Contains(p.Key.User)).Select(p => p.Value.Status).OfType<string>().Order(StringComparer.Ordinal).ToList();
        var shown = roster.Select(p => p.Status).Order(StringComparer.Ordinal).ToList();
        if (!sum.SequenceEqual(shown))
            throw new InvalidOperationException($"The roster is {string.Join(", ", shown)}, but it was told {string.Join(", ", sum)}");
    }

    /// <summary>A second follow answers with what is so now, not with what was so before something that was told already (contract F4).</summary>
    private void CheckNoOlder(
        Person person, Dictionary<string, string> shows, IReadOnlyDictionary<(Guid User, string Session), Place> before)
    {
        foreach (var ((_, session), place) in before.Where(p => p.Key.User == person.Id))
        {
            var status = shows.GetValueOrDefault(session);
            if (Find(place.Device, place.At - 1, status) is null)
                throw new InvalidOperationException($"F4: {status ?? "nothing"} is shown, which is older than {place}");
        }
    }

    private Place? Find(string device, int behind, string? status) =>
        truth.Find(device, behind, status) is { } at ? new Place(device, at, status) : null;
}
