namespace Presence.Actors.Model;

/// <summary>
/// The users of this node's connections that have one username. A relay reports the first of them only, at most
/// <c>reported</c>: a name that many users have costs its entity and the other nodes no more than a name that a few have
/// (contract F11, L2). Not thread-safe.
/// </summary>
/// <remarks>
/// The users are in an array whose first part is reported. A user who leaves that part is replaced by the last of all, so that each
/// change takes the same time however many users there are, and changes at most two of the reported users.
/// </remarks>
/// <param name="reported">How many users are reported at most; at least one.</param>
internal sealed class NameHolders(int reported)
{
    // Below this number of users a search through the array is faster than a map, and nearly all names have one user.
    private const int MostWithoutMap = 8;

    private Holder[] _holders = [];
    private Dictionary<UserId, int>? _places;

    /// <summary>How many users have the name.</summary>
    public int Count { get; private set; }

    /// <summary>A connection of a user has the name.</summary>
    /// <returns>The user to report, if that changes.</returns>
    public Change Add(UserId user)
    {
        var at = PlaceOf(user);
        if (at >= 0)
        {
            _holders[at].Connections++;
            return default;
        }

        if (Count == _holders.Length)
            Array.Resize(ref _holders, Math.Max(1, Count * 2));
        Put(Count++, new Holder(user, 1));
        return Count <= reported ? new Change(user, null) : default;
    }

    /// <summary>A connection of a user does not have the name any more.</summary>
    /// <returns>The user to report, and the user to report no longer, if that changes.</returns>
    public Change Remove(UserId user)
    {
        var at = PlaceOf(user);
        if (at < 0 || --_holders[at].Connections > 0)
            return default;
        _places?.Remove(user);
        var last = _holders[--Count];
        _holders[Count] = default;
        if (at != Count)
            Put(at, last);
        ReturnUnused();
        if (at >= reported)
            return default;
        return new Change(at == Count || Count < reported ? null : last.User, user);
    }

    private int PlaceOf(UserId user)
    {
        if (_places is not null)
            return _places.GetValueOrDefault(user, -1);
        for (var i = 0; i < Count; i++)
        {
            if (_holders[i].User == user)
                return i;
        }

        return -1;
    }

    private void Put(int at, Holder holder)
    {
        _holders[at] = holder;
        if (_places is not null)
        {
            _places[holder.User] = at;
        }
        else if (Count > MostWithoutMap)
        {
            _places = [];
            for (var i = 0; i < Count; i++)
                _places[_holders[i].User] = i;
        }
    }

    private void ReturnUnused()
    {
        if (_holders.Length <= 4 * MostWithoutMap || Count > _holders.Length / 4)
            return;
        Array.Resize(ref _holders, _holders.Length / 2);
        _places!.TrimExcess(_holders.Length);
    }

    /// <summary>What a relay has to report differently.</summary>
    /// <param name="Shown">A user to be reported from now on; null for none.</param>
    /// <param name="Hidden">A user not to be reported any more; null for none.</param>
    public readonly record struct Change(UserId? Shown, UserId? Hidden);

    private record struct Holder(UserId User, int Connections);
}
