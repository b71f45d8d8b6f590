using System.Collections.Immutable;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>Plays the home's actor in one of its lives: sends what the steps say, and watches the relays that report.</summary>
internal sealed class HomePart(FaultyWorld world, WorldNode node, long incarnation)
{
    private readonly HashSet<RelayId> _watched = [];
    private Home _home = new(FaultyWorld.Subject, incarnation) { MaxAnswerBytes = world.MaxAnswerBytes };

    public WorldNode Node { get; } = node;

    public long Incarnation { get; } = incarnation;

    public bool IsAlive => world.Home == this || world.Twin == this;

    public bool IsEmpty => _home.IsEmpty;

    public Book Book => _home.Book;

    public ImmutableArray<RelayId> Watchers => _home.Watchers;

    public ImmutableArray<RelayId> Asked => _home.Asked;

    public void Receive(NodeReport report)
    {
        if (_watched.Add(report.Relay) && !world.IsAlive(report.Relay))
        {
            // Death watch tells of an actor that had stopped on a living node, or had been on a node that is removed.
            if (world.Node(report.Relay.Node) is { IsUp: true } or { IsRemoved: true })
                world.Soon($"home {Incarnation} finds {report.Relay} gone", () => RelayEnded(report.Relay), () => IsAlive);
        }

        Take(_home.Report(report), report.Relay);
    }

    public void Receive(RelayRetired retired) => Remove(retired.Relay);

    public void RelayEnded(RelayId relay)
    {
        // A report of it that comes later still is met anew.
        if (_watched.Remove(relay))
            Remove(relay);
    }

    /// <summary>A node was removed from the cluster: so ends every relay of it that is watched or asked.</summary>
    public void NodeRemoved(int node)
    {
        foreach (var relay in _watched.Union(_home.Asked).Where(r => r.Node == node).ToList())
        {
            _watched.Remove(relay);
            Remove(relay);
        }
    }

    /// <summary>Asks again whoever owes a report; who lives on no node of the cluster is gone.</summary>
    public void AskAgain()
    {
        foreach (var relay in _home.Asked)
        {
            if (Node.IsStranger(relay.Node))
                Remove(relay);
            else
                world.SendToRelay(this, relay, new AskReport(FaultyWorld.Subject, relay));
        }
    }

    public void Sweep() => _home = _home.Sweep();

    private void Remove(RelayId relay) => Take(_home.Remove(relay), null);

    private void Take(Home.Step step, RelayId? reporter)
    {
        _home = step.Next;
        foreach (var part in step.Parts)
            world.SendToRelay(this, reporter!.Value, part);
        if (step.Accepted is { } accepted)
            world.SendToRelay(this, reporter!.Value, accepted);
        if (step.Change is { } change)
        {
            foreach (var relay in step.Audience)
                world.SendToRelay(this, relay, change);
        }

        foreach (var relay in step.Ask)
            world.SendToRelay(this, relay, new AskReport(FaultyWorld.Subject, relay));
    }
}
