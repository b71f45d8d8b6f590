using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>What really happened, as questions about it: who made a status, and what can explain a leave.</summary>
internal sealed class Truth
{
    private readonly Chronicle _chronicle;
    private readonly Bounds _bounds;
    private readonly Dictionary<string, (Life Maker, int Deed)> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Life> _bySession = new(StringComparer.Ordinal);
    private readonly Disturbance[] _disturbances;

    public Truth(Chronicle chronicle, Bounds bounds)
    {
        _chronicle = chronicle;
        _bounds = bounds;
        _disturbances = [.. chronicle.Disturbances.OrderBy(d => d.From)];
        Lives = chronicle.Lives.ToLookup(l => l.User);
        foreach (var life in chronicle.Lives)
        {
            if (life.Session is { } session)
                _bySession.TryAdd(session, life);
            for (var i = 0; i < life.Deeds.Length; i++)
            {
                if (life.Deeds[i].Status is { Length: > 0 } text)
                    _byText.Add(text, (life, i));
            }
        }

        // Who was told no session id is known by its statuses, wherever they were heard first.
        foreach (var shown in chronicle.Lives.SelectMany(l => l.Transcript).SelectMany(PresencesOf))
        {
            if (shown.Status is { Length: > 0 } text && _byText.TryGetValue(text, out var made) && made.Maker.Session is null)
                _bySession.TryAdd(shown.Session, made.Maker);
        }
    }

    /// <summary>The sessions of each user.</summary>
    public ILookup<UserId, Life> Lives { get; }

    public IEnumerable<Life> Everybody => _chronicle.Lives;

    public TimeSpan End => _chronicle.End;

    /// <summary>Who set this status, as which of its deeds; null when nobody did.</summary>
    public (Life Maker, int Deed)? MakerOf(Shown shown)
    {
        if (!_bySession.TryGetValue(shown.Session, out var maker))
            maker = Unnamed(shown);
        if (maker is null || maker.User != shown.User || maker.Username != shown.Username || shown.Status is null)
            return null;
        if (shown.Status.Length == 0)
            return maker.Deeds is [{ Status: "" }, ..] ? (maker, 0) : null;
        return _byText.TryGetValue(shown.Status, out var made) && made.Maker == maker ? made : null;
    }

    /// <summary>From when on a session may be gone for others; null while it is certain to be there.</summary>
    public TimeSpan? GoneFrom(Life life)
    {
        if (life.Ending is not { } ending)
            return null;
        var from = ending.IsOwn ? ending.From : ending.At - _bounds.Notice;
        // The others may take a node for dead long before its clients hear of it.
        foreach (var disturbance in _disturbances)
        {
            var lasted = disturbance.To ?? TimeSpan.MaxValue;
            if (disturbance.Concerns(life.Node) && lasted >= life.Opened && disturbance.From <= ending.At && ReachOf(disturbance) >= ending.At && disturbance.From < from)
                from = disturbance.From;
        }

        return from > life.Opened ? from : life.Opened;
    }

    /// <summary>When the node of this session was killed under it; null if that is not how it ended.</summary>
    public TimeSpan? KilledAt(Life life)
    {
        if (life.Ending is not { IsOwn: false } ending)
            return null;
        foreach (var disturbance in _disturbances)
        {
            if (disturbance.Kind == DisturbanceKind.Killed && disturbance.Node == life.Node
                && disturbance.From >= life.Opened && disturbance.From <= ending.At && (disturbance.To ?? TimeSpan.MaxValue) >= ending.At)
                return disturbance.From;
        }

        return null;
    }

    /// <summary>By when everybody must have heard of the end of a session that has ended.</summary>
    public TimeSpan LeaveDeadline(Life life) => KilledAt(life) is { } killed
        ? Deadline(killed, _bounds.CrashLeave, except: d => d.Kind == DisturbanceKind.Killed && d.From == killed)
        : Deadline(life.Ending!.At, _bounds.Crossing);

    /// <summary>By when what began at that time must have crossed the cluster.</summary>
    public TimeSpan CrossingDeadline(TimeSpan from) => Deadline(from, _bounds.Crossing);

    /// <summary>By when a request to a node must have been answered.</summary>
    public TimeSpan ReplyDeadline(TimeSpan from, int node) => Deadline(from, _bounds.Reply, except: d => !d.Concerns(node));

    private static IEnumerable<Shown> PresencesOf(Heard heard) => heard switch
    {
        Heard.Answer answer => answer.Presences,
        Heard.Event change => change.Joins.Concat(change.Leaves),
        _ => [],
    };

    /// <summary>Whoever appears online and ends without ever having been told its session id.</summary>
    private Life? Unnamed(Shown shown)
    {
        if (shown.Status is not "")
            return null;
        var maker = Lives[shown.User].FirstOrDefault(l => l.Session is null && l.Deeds is [{ Status: "" }, ..] && !_bySession.ContainsValue(l));
        if (maker is not null)
            _bySession.Add(shown.Session, maker);
        return maker;
    }

    private TimeSpan Deadline(TimeSpan from, TimeSpan bound, Func<Disturbance, bool>? except = null)
    {
        var deadline = from + bound;
        foreach (var disturbance in _disturbances)
        {
            if (disturbance.From <= deadline && except?.Invoke(disturbance) != true && ReachOf(disturbance) is var reach && reach >= from && reach > deadline)
                deadline = reach;
        }

        return deadline;
    }

    private TimeSpan ReachOf(Disturbance disturbance) => disturbance.To is { } to ? to + _bounds.Recovery : TimeSpan.MaxValue;
}
