namespace Presence.Host.Links.Admission;

/// <summary>Places in the order in which they came. Each place is in one queue at most; adding and removing take constant time.</summary>
internal sealed class PlaceQueue
{
    private SocketPlace? _last;

    /// <summary>The one that came first.</summary>
    public SocketPlace? First { get; private set; }

    /// <summary>Adds a place at the end.</summary>
    public void Add(SocketPlace place)
    {
        place.Queue = this;
        place.Before = _last;
        if (_last is null)
            First = place;
        else
            _last.Behind = place;
        _last = place;
    }

    /// <summary>Takes a place of this queue out.</summary>
    public void Remove(SocketPlace place)
    {
        if (place.Before is null)
            First = place.Behind;
        else
            place.Before.Behind = place.Behind;
        if (place.Behind is null)
            _last = place.Before;
        else
            place.Behind.Before = place.Before;
        place.Queue = null;
        place.Before = place.Behind = null;
    }
}
