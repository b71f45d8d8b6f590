namespace Presence.Client.Requests;

/// <summary>A follow that is under way: whom it names, and who has turned up by these names.</summary>
internal sealed class FollowRequest(IEnumerable<Guid> ids, IEnumerable<string> names)
{
    private readonly HashSet<string> _names = new(names, StringComparer.Ordinal);
    private readonly HashSet<Guid> _ids = [.. ids];

    public IReadOnlyCollection<Guid> Ids => _ids;

    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Whether the client asks again for what is wanted already, as on a new link; the caller has not asked since.</summary>
    public bool IsRepetition { get; init; }

    /// <summary>Users whom the server has shown under these names.</summary>
    public HashSet<Guid> Found { get; } = [];

    /// <summary>Those of the names that somebody bears.</summary>
    public HashSet<string> Borne { get; } = new(StringComparer.Ordinal);

    public IEnumerable<Guid> Users => Ids.Union(Found);

    public bool NamesUser(Guid user) => _ids.Contains(user) || Found.Contains(user);

    public bool NamesUser(string name) => _names.Contains(name);

    /// <summary>A user of this name has shown up.</summary>
    public void Find(Guid user, string name)
    {
        Found.Add(user);
        if (_names.Contains(name))
            Borne.Add(name);
    }

    /// <summary>Who bears the names is to be found out again.</summary>
    public void Restart()
    {
        Found.Clear();
        Borne.Clear();
    }
}
