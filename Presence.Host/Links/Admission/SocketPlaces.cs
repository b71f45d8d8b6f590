using System.Net;
using Presence.Actors.Telemetry;
using Presence.Host.Http;

namespace Presence.Host.Links.Admission;

/// <summary>
/// Counts the client sockets of a node, on all its ports, from accept until they are closed, and refuses those beyond the bounds
/// (contract L4, L5). Closes those whose client has not authenticated in time.
/// </summary>
/// <remarks>
/// When a bound is reached, a socket that shows no sign of an honest client is closed in favour of the new one: first the one that
/// has sent nothing for longest, then the HTTP connection that has waited longest for its next request, then the one that has been
/// sending its first request for half of the time that it has. If there is none, the new one is refused. So clients that connect and
/// do nothing never keep others out, and nobody loses a link.
/// </remarks>
internal sealed partial class SocketPlaces : IDisposable
{
    // How many sockets are told at one time that they are late: closing them is the work of the loops, which others wait for.
    private const int LatePerSweep = 32;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan NextSlice = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly PlaceQueue _silent = new();
    private readonly PlaceQueue _sending = new();
    private readonly PlaceQueue _resting = new();
    private readonly Dictionary<UInt128, (int All, int Handshakes)> _byAddress = [];
    private readonly Lazy<PlaceBounds> _bounds;
    private readonly Refusals _refusals;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly long _begin;
    private int _all;
    private int _handshakes;
    private int _displaced;
    private bool _isTimed;

    /// <param name="bounds">Finds the bounds, when they are first asked for.</param>
    /// <param name="refusals">Where refusals are counted.</param>
    /// <param name="clock">The time.</param>
    public SocketPlaces(Func<PlaceBounds> bounds, Refusals refusals, TimeProvider clock)
    {
        _bounds = new(bounds);
        _refusals = refusals;
        _clock = clock;
        _begin = clock.GetTimestamp();
        _timer = clock.CreateTimer(static places => ((SocketPlaces)places!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The bounds.</summary>
    public PlaceBounds Bounds => _bounds.Value;

    /// <summary>How many sockets there are.</summary>
    public int Count => Volatile.Read(ref _all);

    /// <summary>How many of them have a client that has not authenticated yet.</summary>
    public int Handshakes => Volatile.Read(ref _handshakes);

    private bool CountsAddresses => (Bounds.SocketsPerAddress | Bounds.HandshakesPerAddress) != 0;

    private long Now => (long)_clock.GetElapsedTime(_begin).TotalMilliseconds;

    /// <summary>Counts a new socket; null if it has to be refused.</summary>
    /// <param name="address">The address of the client; null if that is not known.</param>
    /// <param name="isScarce">Whether hardly any descriptor is left, whatever the bounds.</param>
    /// <param name="limitName">The name of the limit that has been met, as it is counted; null if none has.</param>
    public SocketPlace? TryTake(IPAddress? address, bool isScarce, out string? limitName)
    {
        Limit? limit;
        SocketPlace? place = null;
        SocketPlace? displaced = null;
        UInt128? counted = CountsAddresses && address is not null ? AddressLimit.KeyOf(address) : null;
        var isExempt = Bounds.ExemptsLoopback && address is not null && IPAddress.IsLoopback(address);
        lock (_lock)
        {
            var now = Now;
            limit = FullLimit(counted, isExempt, isScarce);
            if (limit is { } full)
                displaced = Displace(full, now);
            if (limit is null || displaced is not null)
                place = Take(counted, now);
        }

        limitName = null;
        if (limit is { } met)
        {
            limitName = Refusals.NameOf(met);
            _refusals.Count(met);
        }

        displaced?.Owner!.Close(PlaceEnd.Displaced);
        return place;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    internal void PassTo(SocketPlace place, IPlaceOwner owner)
    {
        PlaceEnd? end;
        lock (_lock)
        {
            place.Owner = owner;
            end = place.End;
        }

        // The one before was told, and has passed the socket on meanwhile.
        if (end is { } reason)
            owner.Close(reason);
    }

    internal void HasSent(SocketPlace place)
    {
        lock (_lock)
        {
            if (place.Queue == _silent)
                Move(place, _sending);
        }
    }

    internal void Establish(SocketPlace place)
    {
        lock (_lock)
        {
            EndHandshake(place);
            place.Queue?.Remove(place);
            // It was told to go a moment too late.
            if (place.End == PlaceEnd.Displaced)
                _displaced--;
            place.End = null;
        }
    }

    internal void Rest(SocketPlace place)
    {
        lock (_lock)
        {
            if (!place.IsDisposed && place.End is null)
                Move(place, _resting);
        }
    }

    internal void Leave(SocketPlace place)
    {
        lock (_lock)
        {
            if (place.IsDisposed)
                return;
            place.IsDisposed = true;
            place.Queue?.Remove(place);
            EndHandshake(place);
            if (place.End == PlaceEnd.Displaced)
                _displaced--;
            _all--;
            CountAddress(place.Address, all: -1, handshakes: 0);
        }
    }

    private SocketPlace Take(UInt128? address, long now)
    {
        var place = new SocketPlace(this, address, now);
        _all++;
        _handshakes++;
        CountAddress(address, all: 1, handshakes: 1);
        _silent.Add(place);
        if (!_isTimed)
        {
            _isTimed = true;
            _timer.Change(Period, Timeout.InfiniteTimeSpan);
        }

        return place;
    }

    /// <summary>The bound that a new socket would pass; null if there is none.</summary>
    private Limit? FullLimit(UInt128? address, bool isExempt, bool isScarce)
    {
        if (address is { } key && _byAddress.TryGetValue(key, out var counts))
        {
            if (!isExempt && Bounds.SocketsPerAddress > 0 && counts.All >= Bounds.SocketsPerAddress)
                return Limit.ConnectionsPerAddress;
            if (Bounds.HandshakesPerAddress > 0 && counts.Handshakes >= Bounds.HandshakesPerAddress)
                return Limit.HandshakesPerAddress;
        }

        if (isScarce || _all - _displaced >= Bounds.Sockets)
            return Limit.Connections;
        return _handshakes >= Bounds.Handshakes ? Limit.Handshakes : null;
    }

    /// <summary>Has a socket go so that a new one can take its place; null if there is none that may be closed.</summary>
    private SocketPlace? Displace(Limit limit, long now)
    {
        // Another client of an address is no better than this one.
        if (limit is Limit.ConnectionsPerAddress or Limit.HandshakesPerAddress || _displaced >= Bounds.Displaced)
            return null;
        var place = OldEnough(_silent, now - (long)Bounds.Grace.TotalMilliseconds)
            ?? (limit == Limit.Connections ? OldEnough(_resting, now - (long)Bounds.Grace.TotalMilliseconds) : null)
            ?? OldEnough(_sending, now - (long)(Bounds.Time / 2).TotalMilliseconds);
        if (place is null)
            return null;
        EndHandshake(place);
        place.Queue!.Remove(place);
        place.End = PlaceEnd.Displaced;
        _displaced++;
        return place;
    }

    private static SocketPlace? OldEnough(PlaceQueue queue, long since) =>
        queue.First is { Owner: not null } first && first.Queued <= since ? first : null;

    private void Move(SocketPlace place, PlaceQueue queue)
    {
        place.Queue?.Remove(place);
        place.Queued = Now;
        queue.Add(place);
    }

    private void EndHandshake(SocketPlace place)
    {
        if (!place.IsHandshake)
            return;
        place.IsHandshake = false;
        _handshakes--;
        CountAddress(place.Address, all: 0, handshakes: -1);
    }

    private void CountAddress(UInt128? address, int all, int handshakes)
    {
        if (address is not { } key)
            return;
        _byAddress.TryGetValue(key, out var counts);
        counts = (counts.All + all, counts.Handshakes + handshakes);
        if (counts.All == 0)
            _byAddress.Remove(key);
        else
            _byAddress[key] = counts;
    }

    /// <summary>Tells the owners of sockets whose time is over. Only the timer calls it, never twice at a time.</summary>
    private void Sweep()
    {
        var late = new List<SocketPlace>();
        lock (_lock)
        {
            var due = Now - (long)Bounds.Time.TotalMilliseconds;
            Collect(_silent, due, late);
            Collect(_sending, due, late);
        }

        foreach (var place in late)
        {
            _refusals.Count(Limit.AuthenticateTimeout);
            place.Owner!.Close(PlaceEnd.Late);
        }

        lock (_lock)
        {
            if (_silent.First is null && _sending.First is null)
                _isTimed = false;
            else
                _timer.Change(late.Count >= LatePerSweep ? NextSlice : Period, Timeout.InfiniteTimeSpan);
        }
    }

    private void Collect(PlaceQueue queue, long due, List<SocketPlace> late)
    {
        // Those that have sent something are not in the order of their accept.
        for (var place = queue.First; place is not null && late.Count < LatePerSweep;)
        {
            var next = place.Behind;
            if (place.Accepted <= due && place.Owner is not null)
            {
                EndHandshake(place);
                queue.Remove(place);
                place.End = PlaceEnd.Late;
                late.Add(place);
            }
            else if (queue == _silent && place.Accepted > due)
            {
                return;
            }

            place = next;
        }
    }

    /// <summary>Says what the bounds are.</summary>
    /// <param name="log">Where.</param>
    /// <param name="bounds">The bounds.</param>
    /// <param name="files">The limit of open files; null if there is none.</param>
    internal static void TellBounds(ILogger log, PlaceBounds bounds, int? files) =>
        TellBounds(log, bounds.Sockets, bounds.PerAddressText, bounds.Handshakes, files);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Takes at most {Connections} connections, {PerAddress}, {Handshakes} of them not authenticated; the limit of open files is {Files}.")]
    private static partial void TellBounds(ILogger log, int connections, string perAddress, int handshakes, int? files);
}
