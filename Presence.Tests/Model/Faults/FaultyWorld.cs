using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>
/// A cluster in which everything goes wrong that may: messages are lost, late, repeated and out of order; nodes come, die, and
/// are found dead later; relays fail; the home moves and forgets. All around the product's own <see cref="NodeShare"/> and
/// <see cref="Home"/>, for one subject. A seed is a run.
/// </summary>
internal sealed class FaultyWorld
{
    /// <summary>The one that everything is about.</summary>
    public static readonly Subject Subject = Subject.OfUser(new UserId(new Guid(1, 0, 0, new byte[8])));

    private readonly Random _random;
    private readonly FaultyNetwork _network;
    private readonly List<WorldNode> _nodes = [];
    private readonly List<WorldSession> _sessions = [];
    private readonly List<WorldSession> _open = [];
    private readonly List<(string What, Action Happen, Func<bool> Still)> _soon = [];
    private readonly List<string>? _trace;
    private readonly (int Weight, Action<WorldNode> Act)[] _habits;
    private WorldNode _host;
    private long _lives;

    // Whether something has happened of which nobody is told, so that it is for the lease to repair.
    private bool _needsLease;

    private FaultyWorld(int seed, Without without, List<string>? trace)
    {
        _random = new Random(seed);
        _trace = trace;
        Without = without;
        _network = new FaultyNetwork(_random, without);
        _habits = Habits();
        for (var i = 0; i < 3; i++)
            Join();
        _host = _nodes[0];
        MaxAnswerBytes = seed % 5 == 0 ? 1 : int.MaxValue;
        // Pages that are large enough to travel as differences.
        for (var i = 0; i < 6 && seed % 3 == 0; i++)
            Connect(_nodes[0]);
    }

    /// <summary>The rule that this run does without.</summary>
    public Without Without { get; }

    /// <summary>How many bytes of pages an answer of the home has; with 1 each page is an answer of its own.</summary>
    public int MaxAnswerBytes { get; }

    /// <summary>The first rule that was seen broken.</summary>
    public Violation? Violation { get; private set; }

    /// <summary>The home in its present life; null until a message brings it to life.</summary>
    public HomePart? Home { get; private set; }

    /// <summary>A former life of the home that has not ended yet, and to which some reports still find their way.</summary>
    public HomePart? Twin { get; private set; }

    /// <summary>Runs a seed and says what went wrong, if anything; <paramref name="trace"/> takes what happened.</summary>
    public static Violation? Run(int seed, Without without, List<string>? trace = null) =>
        Run(seed, 60 + (seed % 120), without, trace);

    /// <summary>What went wrong and everything that led to it, in as few steps as the seed needs for it.</summary>
    public static string Explain(int seed, Without without)
    {
        var trace = new List<string>();
        for (var steps = 1; ; steps++)
        {
            trace.Clear();
            if (Run(seed, steps, without, trace) is { } violation)
                return $"seed {seed}, {steps} steps: {violation}\n{string.Join('\n', trace)}";
        }
    }

    public WorldSession Session(SessionId id) => _sessions.Single(s => s.Id == id);

    public WorldNode Node(int id) => _nodes[id - 1];

    public bool IsAlive(RelayId relay) => Node(relay.Node) is { IsUp: true } node && node.Relay.Id == relay;

    public void Violate(string rule, string what)
    {
        Violation ??= new Violation(rule, what);
    }

    /// <summary>Something that is certain to happen, at a time of its own, if it still can then.</summary>
    public void Soon(string what, Action happen, Func<bool> still) => _soon.Add((what, happen, still));

    public void SendToHome(RelayPart from, IHomeMessage message)
    {
        Trace($"  {from.Id} -> home: {Told(message)}");
        _network.Send(from, null, message);
    }

    public void SendToRelay(HomePart from, RelayId to, IClusterMessage message)
    {
        Trace($"  home {from.Incarnation} -> {to}: {Told(message)}");
        _network.Send(from, to, message);
    }

    private static Violation? Run(int seed, int steps, Without without, List<string>? trace)
    {
        var world = new FaultyWorld(seed, without, trace);
        for (var i = 0; i < steps && world.Violation is null; i++)
            world.Step();
        world.Settle();
        return world.Violation;
    }

    private List<WorldNode> Up => [.. _nodes.Where(n => n.IsUp)];

    private IEnumerable<HomePart> Homes => new[] { Home, Twin }.OfType<HomePart>();

    private T Any<T>(IReadOnlyList<T> all) => all[_random.Next(all.Count)];

    private void Step()
    {
        var at = _random.Next(_habits.Sum(h => h.Weight));
        foreach (var (weight, act) in _habits)
        {
            if ((at -= weight) >= 0)
                continue;
            act(Any(Up));
            return;
        }
    }

    // What happens, and how often, is drawn for each run: a run in which some things never happen goes deeper into the others.
    private (int Weight, Action<WorldNode> Act)[] Habits()
    {
        (int Usual, Action<WorldNode> Act)[] all =
        [
            (7, Connect),
            (9, _ => OfOpen(Set)),
            (5, _ => OfOpen(Erase)),
            (6, _ => OfOpen(End)),
            (7, Follow),
            (2, Unfollow),
            (1, LosePatience),
            (3, _ => Move()),
            (1, _ => FailHome()),
            (2, Kill),
            (2, _ => Join()),
            (2, _ => RemoveAny()),
            (1, FailRelay),
            (4, Retry),
            (1, Renew),
            (1, _ => Sweep()),
            (1, _ => Passivate()),
            (4, _ => HappenSoon()),
            (1, ConnectMany),
            (1, Cut),
        ];
        return [(40, _ => Deliver()), .. all.Select(h => (h.Usual * _random.Next(4), h.Act))];
    }

    // Everything that went wrong ends; whatever is then not right never will be.
    private void Settle()
    {
        if (Violation is not null)
            return;
        Trace("everything settles");
        _network.Heal();
        foreach (var node in _nodes.Where(n => !n.IsUp && !n.IsRemoved).ToList())
            Remove(node);
        Calm();
        Up.ForEach(Retry);
        Calm();
        if (Up.FirstOrDefault(n => n.Relay.IsOwed) is { } owed)
            Violate(Violation.Waiting, $"{owed} is owed an answer");
        Home?.AskAgain();
        Calm();
        // Nothing that a home said was lost, and each end of a home was told: then nothing has to wait for the lease.
        if (_network.IsReliable && !_needsLease && Violation is null)
            JudgeFollowers();
        for (var round = 0; round < 4 && Violation is null; round++)
        {
            Up.ForEach(Renew);
            Calm();
            Sweep();
            Home?.AskAgain();
            Calm();
        }

        if (Violation is null)
            Judge();
    }

    private void Calm()
    {
        for (var left = 20_000; Violation is null && (_network.Count > 0 || _soon.Count > 0); left--)
        {
            if (left == 0)
                Violate(Violation.NeverQuiet, $"{_network.Count} messages are still under way");
            HappenSoon();
            Deliver();
        }
    }

    private List<SessionStatus> Truth => [.. _open.Select(s => s.Shown).OfType<SessionStatus>()];

    private List<WorldNode> Following => [.. Up.Where(n => n.Relay.Witness is not null)];

    private void JudgeFollowers()
    {
        foreach (var node in Following)
        {
            if (!node.Relay.IsSettled)
                Violate(Violation.Waiting, $"{node} was never answered");
            var shown = node.Relay.Witness!.Shown.ToList();
            if (!shown.ToHashSet().SetEquals(Truth))
                Violate(Violation.Divergence, $"{node} shows [{Witness.List(shown)}], the truth is [{Witness.List(Truth)}]");
        }
    }

    private void Judge()
    {
        var (truth, following) = (Truth, Following);
        JudgeFollowers();
        var known = Home?.Book.Sessions.ToList() ?? [];
        if (!known.ToHashSet().SetEquals(truth) || known.Count != truth.Count)
            Violate(Violation.Divergence, $"the home shows [{Witness.List(known)}], the truth is [{Witness.List(truth)}]");
        if (!following.Select(n => n.Relay.Id).ToHashSet().SetEquals(Home?.Watchers ?? []))
            Violate(Violation.WrongWatchers, $"the home tells [{string.Join(' ', Home?.Watchers ?? [])}]");
        if (Home is { Asked.IsEmpty: false })
            Violate(Violation.Waiting, $"the home waits for [{string.Join(' ', Home.Asked)}]");
        foreach (var book in following.Select(n => n.Relay.Book).Append(Home?.Book ?? Book.Empty))
        {
            // One relay of a node is the subject's; those before it have failed.
            if (book.Pages.GroupBy(p => p.Relay.Node).FirstOrDefault(pages => pages.Count() > 1) is { } leftover)
                Violate(Violation.Leftover, string.Join(' ', leftover.Select(Told)));
        }
    }

    private void Deliver()
    {
        if (_network.Count == 0)
            return;
        var (from, to, message) = _network.Next();
        if (to is not { } relay)
        {
            if (!_host.IsUp)
                return;
            var home = Twin is not null && _random.Next(3) == 0 ? Twin : Home ??= new HomePart(this, _host, ++_lives);
            Trace($"home {home.Incarnation} at {home.Node} receives {Told(message)}");
            if (message is NodeReport report)
                home.Receive(report);
            else
                home.Receive((RelayRetired)message);
            return;
        }

        var node = Node(relay.Node);
        if (!node.IsUp)
            return;
        Trace($"{relay} receives {Told(message)} of home {((HomePart)from).Incarnation}");
        if (node.Relay.Id != relay)
        {
            if (message is AskReport)
                SendToHome(node.Relay, new RelayRetired(Subject, relay));
            return;
        }

        switch (message)
        {
            case ReportAccepted accepted:
                node.Relay.Receive(accepted, (HomePart)from);
                break;
            case PresenceChanged change:
                node.Relay.Receive(change);
                break;
            case AskReport ask:
                node.Relay.Receive(ask);
                break;
        }
    }

    private void HappenSoon()
    {
        if (_soon.Count == 0)
            return;
        var at = _random.Next(_soon.Count);
        var (what, happen, still) = _soon[at];
        _soon.RemoveAt(at);
        if (!still())
            return;
        Trace(what);
        happen();
    }

    private void OfOpen(Action<WorldSession> act)
    {
        if (_open.Count > 0)
            act(Any(_open));
    }

    private void Connect(WorldNode node)
    {
        var session = new WorldSession(_sessions.Count + 1, node);
        _sessions.Add(session);
        _open.Add(session);
        if (_random.Next(2) == 0)
            Enter(session);
        else
            Set(session);
    }

    // Many links of one user; or, since a name is a subject like any other, many users of one name.
    private void ConnectMany(WorldNode node)
    {
        for (var left = _random.Next(2, 9); left > 0; left--)
            Connect(node);
    }

    // All links of a node end at one moment, as they do when a load balancer goes.
    private void Cut(WorldNode node)
    {
        Trace($"all links of {node} are cut");
        foreach (var session in _open.FindAll(s => s.Node == node))
            End(session);
    }

    private void Enter(WorldSession session)
    {
        var status = session.Set();
        Trace($"{session} follows at {session.Node} and sets {status.Status}");
        session.Node.Relay.Enter(status);
    }

    private void Set(WorldSession session)
    {
        var status = session.Set();
        Trace($"{session} at {session.Node} sets {status.Status}");
        session.Node.Relay.Put(status);
    }

    private void Erase(WorldSession session)
    {
        Trace($"{session} at {session.Node} erases");
        session.Erase();
        session.Node.Relay.Remove(session.Id);
    }

    private void End(WorldSession session)
    {
        Erase(session);
        _open.Remove(session);
    }

    private void Follow(WorldNode node)
    {
        Trace($"{node} follows");
        node.Relay.Watch();
    }

    private void Unfollow(WorldNode node)
    {
        Trace($"{node} unfollows");
        node.Relay.Unwatch();
    }

    private void LosePatience(WorldNode node)
    {
        Trace($"{node} loses patience");
        node.Relay.LosePatience();
    }

    private void Join()
    {
        var node = new WorldNode(this, _nodes.Count + 1, _nodes.Where(n => n.IsRemoved).Select(n => n.Id));
        _nodes.Add(node);
        Trace($"{node} joins");
    }

    private void Kill(WorldNode node)
    {
        if (Up.Count == 1)
            return;
        Trace($"{node} dies");
        node.Die();
        CutConnections(node);

        if (_host == node)
            EndHome();
        if (Twin?.Node == node)
            Twin = null;
    }

    private void CutConnections(WorldNode node)
    {
        foreach (var session in _open.Where(s => s.Node == node).ToList())
        {
            session.Erase();
            _open.Remove(session);
        }
    }

    private void RemoveAny()
    {
        if (_nodes.Where(n => !n.IsUp && !n.IsRemoved).ToList() is { Count: > 0 } dead)
            Remove(Any(dead));
    }

    private void Remove(WorldNode dead)
    {
        Trace($"{dead} is removed");
        dead.IsRemoved = true;
        foreach (var node in Up)
        {
            Soon($"{node} hears that {dead} is removed", () => HearOfRemoval(node, dead), () => node.IsUp);
            if (node.Relay is { Home: { } home } relay && home.Node == dead)
                Soon($"{relay.Id} loses the shard of home {home.Incarnation}", () => relay.ShardEnded(home), () => relay.IsAlive);
        }

        if (_host == dead)
            _host = Any(Up);
    }

    private void HearOfRemoval(WorldNode node, WorldNode dead)
    {
        node.HearOfRemoval(dead);
        foreach (var home in Homes.Where(h => h.Node == node))
            home.NodeRemoved(dead.Id);
    }

    private void Move()
    {
        if (!_host.IsUp)
            return;
        var (former, lingers) = (Home, _random.Next(3) == 0);
        EndHome();
        _host = Any(Up);
        Trace($"the home moves to {_host}");
        if (former is null)
            return;
        if (lingers && Twin is null)
        {
            Twin = former;
            _needsLease = true;
            Soon($"the former home {former.Incarnation} ends", EndTwin, () => Twin == former);
        }
        else
        {
            LoseShardOf(former);
        }
    }

    private void EndTwin()
    {
        var former = Twin!;
        Twin = null;
        LoseShardOf(former);
    }

    private void LoseShardOf(HomePart home)
    {
        foreach (var relay in Up.Select(n => n.Relay).Where(r => r.Home == home))
            Soon($"{relay.Id} loses the shard of home {home.Incarnation}", () => relay.ShardEnded(home), () => relay.IsAlive);
    }

    // It fails and starts anew, in the same shard: nobody is told.
    private void FailHome()
    {
        Trace("the home fails");
        _needsLease |= Home is not null;
        Home = null;
    }

    private void EndHome()
    {
        Home = null;
        _network.LoseSomeToHome();
    }

    private void FailRelay(WorldNode node)
    {
        var failed = node.Relay.Id;
        Trace($"{failed} fails");
        // A relay takes the connections of its node along, and a new one begins with nothing.
        CutConnections(node);
        node.RestartRelay();
        foreach (var home in Homes)
            Soon($"home {home.Incarnation} loses {failed}", () => home.RelayEnded(failed), () => home.IsAlive);
    }

    private void Retry(WorldNode node)
    {
        Trace($"{node} retries");
        if (Without != Without.Retry)
            node.Relay.Retry();
        Home?.AskAgain();
    }

    private void Renew(WorldNode node)
    {
        Trace($"{node} renews its lease");
        if (Without != Without.Lease)
            node.Relay.Resend();
    }

    private void Sweep()
    {
        Trace("the home sweeps");
        if (Without != Without.Silence)
            Home?.Sweep();
    }

    private void Passivate()
    {
        if (Home is { IsEmpty: true })
        {
            Trace("the home rests");
            Home = null;
        }
    }

    private void Trace(string what)
    {
        if (Violation is null)
            _trace?.Add(what);
    }

    private string Told(IClusterMessage message) => _trace is null ? "" : message switch
    {
        NodeReport m => $"report {Told(m.Page)}{(m.Watching ? " watching" : "")} knows [{string.Join(' ', m.Digest.Select(k => $"{k.Relay}@{Told(k.Version)}"))}]",
        ReportAccepted m => $"accepted {m.Version} at {m.Sequence}{(m.Holds ? " holds" : "")} newer [{string.Join(' ', m.Newer.Select(Told))}]",
        PresenceChanged m => $"change {m.Sequence} {string.Join(' ', m.Pages.Select(Told))}",
        AskReport => "ask",
        RelayRetired m => $"{m.Relay} is no more",
        _ => message.ToString()!,
    };

    private static string Told(BookPage page) => $"{page.Relay}:{Told(page.Page)}";

    private static string Told(BookUpdate update) => $"{update.Relay}:{Told(update.Page)}";

    private static string Told(PageUpdate page) => page switch
    {
        { IsRetired: true } => "retired",
        PageDifference change => $"{change.Since}-{change.Until}>{change.Version}({Witness.List(change.Sessions)} without {change.Hidden.Length})",
        _ => $"{page.Version}({Witness.List(page.Sessions)})",
    };

    private static string Told(long version) => version == long.MaxValue ? "end" : $"{version}";
}
