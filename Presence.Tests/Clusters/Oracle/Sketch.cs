using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>A chronicle that is made up by hand; times are in seconds. A request is answered a tenth of a second after it is sent.</summary>
internal sealed class Sketch
{
    private readonly List<Draft> _drafts = [];
    private readonly List<Disturbance> _disturbances = [];

    /// <summary>A session that opens.</summary>
    /// <param name="name">Its client and number.</param>
    /// <param name="node">Where.</param>
    /// <param name="other">Another session of the same user; null for a user of its own.</param>
    /// <param name="at">When.</param>
    public Draft Session(string name, int node = 0, Draft? other = null, double at = 0)
    {
        var draft = new Draft(name, node, other?.User ?? new UserId(Guid.NewGuid()), other?.Username ?? $"user of {name}", at);
        _drafts.Add(draft);
        return draft;
    }

    public void Disturb(DisturbanceKind kind, int node, double from, double? to = null) =>
        _disturbances.Add(new Disturbance(kind, node, Draft.Seconds(from), to is { } t ? Draft.Seconds(t) : null));

    /// <summary>The clauses that are found to be broken by that time, each once.</summary>
    public string[] Judge(double at = 100, bool isAtRest = true) => [.. Verdict(at, isAtRest).Findings.Select(f => f.Clause).Distinct().Order(StringComparer.Ordinal)];

    public Verdict Verdict(double at = 100, bool isAtRest = true) => Oracle.Judge.Of(
        new Chronicle([.. _drafts.Select(d => d.Life)], [.. _disturbances], Draft.Seconds(at)), Bounds.Default, isAtRest);
}

/// <summary>One session of a <see cref="Sketch"/>.</summary>
internal sealed class Draft(string name, int node, UserId user, string username, double opened)
{
    private const double RoundTrip = 0.1;

    private readonly string _session = Guid.NewGuid().ToString();
    private Shown? _own;

    public UserId User => user;

    public string Username => username;

    public Life Life { get; private set; } = new(name, user, username, node, Seconds(opened));

    /// <summary>What others see of it while it has this status.</summary>
    public Shown this[string status] => new(user, _session, username, status.Length == 0 ? "" : $"{name}:{status}");

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    // ---- what it does

    public Draft Set(double at, string status) => Do(at, status.Length == 0 ? "" : $"{name}:{status}");

    public Draft Erases(double at) => Do(at, null);

    /// <summary>An update that is never answered.</summary>
    public Draft SetsInVain(double at, string status)
    {
        Life = Life with { Deeds = Life.Deeds.Add(new Deed($"{name}:{status}", Seconds(at), null)), Unanswered = Life.Unanswered.Add(Seconds(at)) };
        return this;
    }

    /// <summary>An update that is answered when it likes.</summary>
    public Draft SetsSlowly(double at, string status, double answered)
    {
        Life = Life with { Deeds = Life.Deeds.Add(new Deed($"{name}:{status}", Seconds(at), Seconds(answered))) };
        return this;
    }

    public Draft Leaves(double at) => End(new Ending(true, Seconds(at), Seconds(at + RoundTrip)));

    public Draft IsCut(double at) => End(new Ending(false, Seconds(at), Seconds(at)));

    /// <summary>Its client has been told its session id.</summary>
    public Draft Named()
    {
        Life = Life with { Session = _session };
        return this;
    }

    // ---- what it hears

    public Draft Follows(double at, Draft[] whom, params Shown[] answer) =>
        Hear(new Heard.Answer(Seconds(at + RoundTrip), Seconds(at), [.. whom.Select(w => w.User).Distinct()], [], answer));

    public Draft FollowsByName(double at, Draft[] whom, params Shown[] answer) =>
        Hear(new Heard.Answer(Seconds(at + RoundTrip), Seconds(at), [], [.. whom.Select(w => w.User).Distinct()], answer));

    public Draft Unfollows(double at, Draft whom) =>
        Hear(new Heard.Unfollowed(Seconds(at + RoundTrip), Seconds(at), [whom.User]));

    public Draft IsRefused(double at) => Hear(new Heard.Refused(Seconds(at + RoundTrip), Seconds(at), "no"));

    public Draft SeesJoin(double at, Shown join) => Hear(new Heard.Event(Seconds(at), [join], []));

    public Draft SeesLeave(double at, Shown leave) => Hear(new Heard.Event(Seconds(at), [], [leave]));

    public Draft Sees(double at, Shown old, Shown next) => Hear(new Heard.Event(Seconds(at), [next], [old]));

    public Draft Sees(double at, Shown[] leaves, Shown[] joins) => Hear(new Heard.Event(Seconds(at), joins, leaves));

    /// <summary>What it does is told to itself as well (contract F9).</summary>
    private Draft Do(double at, string? status)
    {
        Life = Life with { Deeds = Life.Deeds.Add(new Deed(status, Seconds(at), Seconds(at + RoundTrip))) };
        var next = status is null ? null : new Shown(user, _session, username, status);
        Hear(new Heard.Event(Seconds(at + RoundTrip), Present(next), Present(_own)));
        _own = next;
        return this;
    }

    private static Shown[] Present(Shown? shown) => shown is null ? [] : [shown];

    private Draft Hear(Heard heard)
    {
        Life = Life with { Transcript = Life.Transcript.Add(heard) };
        return this;
    }

    private Draft End(Ending ending)
    {
        Life = Life with { Ending = ending };
        return this;
    }
}
