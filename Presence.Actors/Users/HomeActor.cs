using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Cluster.Sharding;
using Akka.Event;
using Presence.Actors.Delivery;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Relays;

namespace Presence.Actors.Users;

/// <summary>
/// Carries out what <see cref="Home"/> decides: takes reports, answers them, tells watchers, asks the silent. The
/// <see cref="RelayObserver"/> of its node watches the relays that it stands between, so that the end of a node ends all that the node
/// stood for (contract F8, K3).
/// </summary>
/// <remarks>
/// Every input comes through the shard region, so the shard's idle clock sees all of it: relays report again within their
/// lease, and a home that nobody has reported to for longer than that is of no use to anybody and is passivated by its shard.
/// </remarks>
public abstract class HomeActor : UntypedActor
{
    /// <summary>
    /// How often in a row a relay on no node of the cluster is looked for before it is taken for gone. Nodes learn of each other
    /// before their relays report, so this only has to outlast the gossip.
    /// </summary>
    private const int LookUps = 20;

    private readonly HomeSettings _settings;
    private readonly PeerTable _peers;
    private readonly ObservedRelays _observed;

    // Those that have reported: one per node that has business here, so an array is smaller and no slower than a map.
    private ImmutableArray<(RelayId Id, IActorRef Relay)> _relays = [];

    // How many times in a row a relay could not be asked because its node is none of the cluster. Null while all can be.
    private Dictionary<RelayId, int>? _lost;

    // How many homes ask somebody, and how many are not empty.
    private int _asking;
    private int _inUse;
    private ICancelable? _askAgain;
    private ICancelable? _end;
    private TimeSpan _sweptAt;
    private TimeSpan _emptySince = TimeSpan.MaxValue;
    private bool _hasShown;
    private bool _isLeaving;

    /// <summary>A home.</summary>
    /// <param name="settings">Its times.</param>
    /// <param name="peers">The ways to the other nodes.</param>
    /// <param name="observed">The relays that are watched.</param>
    protected HomeActor(HomeSettings settings, PeerTable peers, ObservedRelays observed)
    {
        _settings = settings;
        _peers = peers;
        _observed = observed;
        _sweptAt = Now;
    }

    /// <summary>A number that no earlier life of a home has had.</summary>
    protected static long NewIncarnation() => BitConverter.ToInt64(Guid.NewGuid().ToByteArray());

    /// <summary>Every home that this actor keeps.</summary>
    protected abstract IEnumerable<Home> Homes { get; }

    private static TimeSpan Now => Context.System.Scheduler.MonotonicClock;

    /// <summary>The home of a subject, new if there was none.</summary>
    protected abstract Home HomeOf(Subject subject);

    /// <summary>Keeps the state of a home, unless it is empty.</summary>
    protected abstract void Keep(Home home);

    /// <inheritdoc/>
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeReport report:
                SweepIfDue();
                Meet(report.Relay, Sender);
                _hasShown |= !report.Page.Sessions.IsEmpty;
                var reported = HomeOf(report.Subject);
                Carry(reported, reported.Report(report), Sender);
                break;
            case RelayRetired retired:
                var left = HomeOf(retired.Subject);
                Carry(left, left.Remove(retired.Relay), ActorRefs.Nobody);
                break;
            case BookQuery query:
                Sender.Tell(HomeOf(query.Subject).Answer(), Context.Parent);
                break;
            case RelayObserver.RelaysEnded { Relays: var ended }:
                _relays = _relays.RemoveAll(met => ended.Contains(met.Id));
                foreach (var id in ended)
                    Retire(id);
                break;
            case AskAgain:
                foreach (var home in Homes)
                    Ask(home, home.Asked);
                GiveUpTheLost();
                break;
            case EmptyForLong:
                EndIfEmpty();
                return;
            default:
                Unhandled(message);
                return;
        }

        ArmTimers();
    }

    /// <summary>
    /// A restart keeps the reference, so nobody is told that what this home knew is gone: it says so itself.
    /// </summary>
    protected override void PreRestart(Exception reason, object message)
    {
        AskAll();
        base.PreRestart(reason, message);
    }

    /// <summary>
    /// What was reported between this home's request to be stopped and its stop is lost with it, and unlike a shard's end
    /// nobody sees it.
    /// </summary>
    protected override void PostStop()
    {
        _askAgain?.Cancel();
        _end?.Cancel();
        if (_isLeaving && _inUse > 0)
            AskAll();
    }

    private void AskAll()
    {
        foreach (var home in Homes)
        {
            foreach (var (id, relay) in _relays)
                relay.Tell(new AskReport(home.Subject, id));
        }
    }

    private void Meet(RelayId id, IActorRef relay)
    {
        foreach (var met in _relays)
        {
            if (met.Id == id)
                return;
        }

        _relays = _relays.Add((id, relay));
        // Its report may have been under way for longer than it has lived.
        if (!_observed.TryObserve(id, relay))
            Self.Tell(new RelayObserver.RelaysEnded([id]));
    }

    // A relay that is asked but never met is not watched. If its node left before this one could see it go, nobody will ever
    // answer for it, and whoever named it shows what it had.
    private void GiveUpTheLost()
    {
        var before = _lost;
        _lost = null;
        foreach (var id in Homes.SelectMany(h => h.Asked).ToHashSet())
        {
            if (AddressOf(id) is not null)
                continue;
            var lookUps = (before?.GetValueOrDefault(id) ?? 0) + 1;
            (_lost ??= [])[id] = lookUps;
            if (lookUps >= LookUps)
                Retire(id);
        }
    }

    private void Retire(RelayId id)
    {
        foreach (var home in Homes.Where(h => h.Concerns(id)).ToList())
            Carry(home, home.Remove(id), ActorRefs.Nobody);
    }

    private void Carry(Home before, Home.Step step, IActorRef reporter)
    {
        Keep(before, step.Next);
        // The shard stands as the sender: the relay watches it, not every home in it.
        foreach (var part in step.Parts)
            reporter.Tell(part, Context.Parent);
        if (step.Accepted is { } accepted)
            reporter.Tell(accepted, Context.Parent);
        if (step.Change is { } change)
        {
            foreach (var watcher in step.Audience)
            {
                if (!_peers.Tell(watcher.Node, change))
                    RelayOf(watcher).Tell(change);
            }
        }

        Ask(step.Next, step.Ask);
    }

    private void Keep(Home before, Home after)
    {
        _asking += (after.IsAsking ? 1 : 0) - (before.IsAsking ? 1 : 0);
        _inUse += (after.IsEmpty ? 0 : 1) - (before.IsEmpty ? 0 : 1);
        Keep(after);
    }

    private IActorRef RelayOf(RelayId id)
    {
        foreach (var met in _relays)
        {
            if (met.Id == id)
                return met.Relay;
        }

        return ActorRefs.Nobody;
    }

    private static void Ask(Home home, ImmutableArray<RelayId> relays)
    {
        foreach (var id in relays)
        {
            // A relay that has never reported here is asked through its node, which also knows if that relay is no more.
            if (AddressOf(id) is not { } address)
                continue;
            Context.GetLogger().Debug("Asking relay {0} to report on {1}", id, home.Subject);
            Context.ActorSelection(new RootActorPath(address) / "user" / RelayPool.Name).Tell(new AskReport(home.Subject, id));
        }
    }

    private static Address? AddressOf(RelayId relay) =>
        Cluster.Get(Context.System).State.Members.FirstOrDefault(m => m.UniqueAddress.Uid == relay.Node)?.Address;

    private void SweepIfDue()
    {
        if (Now - _sweptAt < _settings.SilenceAfter)
            return;
        _sweptAt = Now;
        foreach (var home in Homes.ToList())
            Keep(home, home.Sweep());
    }

    // A timer per home would cost every home, and few ever need one.
    private void ArmTimers()
    {
        if (_asking > 0)
        {
            _askAgain ??= Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(
                _settings.AskEvery, _settings.AskEvery, Self, AskAgain.Instance, Self);
        }
        else if (_askAgain is not null)
        {
            _askAgain.Cancel();
            _askAgain = null;
        }

        if (_inUse > 0)
        {
            _emptySince = TimeSpan.MaxValue;
        }
        else if (_emptySince == TimeSpan.MaxValue)
        {
            _emptySince = Now;
            // A user who was online often returns soon, so the entity waits. An entity in which nobody has shown anything stops at once:
            // a client that follows and unfollows unknown users must not leave entities behind.
            if (_hasShown)
                PlanEnd(_settings.StayEmpty);
            else
                EndIfEmpty();
        }
    }

    private void PlanEnd(TimeSpan wait) =>
        _end ??= Context.System.Scheduler.ScheduleTellOnceCancelable(wait, Self, EmptyForLong.Instance, Self);

    private void EndIfEmpty()
    {
        _end = null;
        if (_inUse > 0)
            return;
        var left = _emptySince + _settings.StayEmpty - Now;
        if (_hasShown && left > TimeSpan.Zero)
        {
            PlanEnd(left);
            return;
        }

        _isLeaving = true;
        Context.Parent.Tell(new Passivate(PoisonPill.Instance));
    }

    private sealed class AskAgain : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression
    {
        public static readonly AskAgain Instance = new();
    }

    private sealed class EmptyForLong : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout, IDeadLetterSuppression
    {
        public static readonly EmptyForLong Instance = new();
    }
}

/// <summary>The times of a home.</summary>
/// <param name="AskEvery">How often a relay that owes a report is asked.</param>
/// <param name="SilenceAfter">How long a relay may be silent before it is asked; more than two leases of <see cref="RelaySettings"/>.</param>
/// <param name="StayEmpty">How long a home without any business waits for more before it stops.</param>
public sealed record HomeSettings(TimeSpan AskEvery, TimeSpan SilenceAfter, TimeSpan StayEmpty)
{
    /// <summary>What a server runs with.</summary>
    public static readonly HomeSettings Default =
        new(TimeSpan.FromSeconds(1), RelaySettings.Default.Lease * 2.5, TimeSpan.FromSeconds(10));
}
