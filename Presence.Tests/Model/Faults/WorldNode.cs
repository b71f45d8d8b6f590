using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>One node of the cluster: a relay, and whatever else happens to live there.</summary>
internal sealed class WorldNode
{
    private readonly FaultyWorld _world;
    private readonly HashSet<int> _strangers;
    private readonly HashSet<WorldNode> _seenRemoved = [];
    private int _relaysStarted;

    public WorldNode(FaultyWorld world, int id, IEnumerable<int> strangers)
    {
        _world = world;
        _strangers = [.. strangers];
        Id = id;
        Relay = StartRelay();
    }

    public int Id { get; }

    public bool IsUp { get; private set; } = true;

    public bool IsRemoved { get; set; }

    public RelayPart Relay { get; private set; }

    /// <summary>The nodes whose removal this one has seen.</summary>
    public Departed Departed { get; private set; } = Departed.Nobody;

    /// <summary>Whether a node is none of the cluster, as far as this one knows: it may never have seen it there.</summary>
    public bool IsStranger(int node) => _strangers.Contains(node);

    public void Die() => IsUp = false;

    /// <summary>The relay fails, and another begins with nothing.</summary>
    public void RestartRelay() => Relay = StartRelay();

    public bool HasSeenRemoved(WorldNode node) => _seenRemoved.Contains(node);

    public void HearOfRemoval(WorldNode node)
    {
        _strangers.Add(node.Id);
        _seenRemoved.Add(node);
        if (_world.Without != Without.Removed)
        {
            Departed = Departed.With(node.Id);
            Relay.Retire();
        }

        Relay.Witness?.ExpectNoGhost();
    }

    public override string ToString() => $"n{Id}";

    private RelayPart StartRelay()
    {
        var index = _world.Without == Without.Succession ? _relaysStarted : 0;
        return new(_world, this, new RelayId(Id, index, _relaysStarted++));
    }
}
