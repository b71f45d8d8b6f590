namespace Presence.Client.Requests;

/// <summary>A follow: whom it names, and who has turned up by these names while it is under way.</summary>
internal sealed class FollowRequest
{
    private readonly HashSet<Guid> _ids;
    private readonly HashSet<string> _names;
    private readonly Dictionary<string, long>? _askedAt;
    private readonly HashSet<Guid> _found = [];
    private readonly HashSet<string> _foundNames = new(StringComparer.Ordinal);

    /// <summary>What the caller asks for.</summary>
    public FollowRequest(IEnumerable<Guid> ids, IEnumerable<string> names)
    {
        _ids = [.. ids];
        _names = new HashSet<string>(names.Select(Composed), StringComparer.Ordinal);
    }

    private FollowRequest(IEnumerable<Guid> ids, Dictionary<string, long> askedAt)
        : this(ids, askedAt.Keys) => _askedAt = askedAt;

    public IReadOnlyCollection<Guid> Ids => _ids;

    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Whether it asks for nobody.</summary>
    public bool IsEmpty => _ids.Count + _names.Count == 0;

    /// <summary>Whether the client itself asks again for what is wanted already, as on a new link; the caller has not asked since.</summary>
    public bool IsRepetition => _askedAt is not null;

    /// <summary>Those whom it names by id, and those who turned out to be the ones whom it names by name.</summary>
    public IEnumerable<Guid> Users => _ids.Union(_found);

    /// <summary>The client itself asks again for what the caller wants.</summary>
    /// <param name="ids">Users who are followed.</param>
    /// <param name="askedAt">Names that are awaited, and when the caller asked for each.</param>
    public static FollowRequest Repeat(IEnumerable<Guid> ids, IReadOnlyDictionary<string, long> askedAt) =>
        new(ids, askedAt.ToDictionary(name => name.Key, name => name.Value, StringComparer.Ordinal));

    /// <summary>The spelling in which the server shows a name. A text that is no Unicode is left to the server to refuse.</summary>
    private static string Composed(string name)
    {
        try
        {
            return name.Normalize();
        }
        catch (ArgumentException)
        {
            return name;
        }
    }

    public bool NamesUser(Guid user) => _ids.Contains(user) || _found.Contains(user);

    public bool NamesUser(string name) => _names.Contains(name);

    /// <summary>When the caller asked for a name that is only repeated here; null for all others.</summary>
    public long? AskedAt(string name) => _askedAt is not null && _askedAt.TryGetValue(name, out var asked) ? asked : null;

    /// <summary>Whether a user of the name has turned up.</summary>
    public bool HasUser(string name) => _foundNames.Contains(name);

    /// <summary>A user of this name has turned up.</summary>
    public void Find(Guid user, string name)
    {
        _found.Add(user);
        if (_names.Contains(name))
            _foundNames.Add(name);
    }

    /// <summary>A user is wanted no more.</summary>
    public void Lose(Guid user)
    {
        _ids.Remove(user);
        _found.Remove(user);
    }

    /// <summary>The users of the names are to be found out again.</summary>
    public void Restart()
    {
        _found.Clear();
        _foundNames.Clear();
    }
}
