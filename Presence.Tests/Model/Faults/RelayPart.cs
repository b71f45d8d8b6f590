using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>Plays the relay's actor for one subject: hands steps of the share on, and counts versions.</summary>
internal sealed class RelayPart(FaultyWorld world, WorldNode node, RelayId id)
{
    private NodeShare? _share;
    private long _version = 1;

    public RelayId Id { get; } = id;

    public WorldNode Node { get; } = node;

    public bool IsAlive => Node.IsUp && Node.Relay == this;

    /// <summary>Sees what the followers see; null when there are none.</summary>
    public Witness? Witness { get; private set; }

    /// <summary>The home whose shard is watched: the last that accepted a report.</summary>
    public HomePart? Home { get; private set; }

    public bool IsSettled => _share is { IsSettled: true };

    public Book Book => Share.Book;

    public bool IsOwed => _share is { IsOwed: true };

    public void Put(SessionStatus status) => Take(Share.Put(status, ++_version));

    public void Remove(SessionId session) => Take(Share.Remove(session, ++_version));

    public void Watch()
    {
        Witness ??= new Witness(world, this);
        Take(Share.Watch(++_version));
    }

    public void Enter(SessionStatus status)
    {
        Witness ??= new Witness(world, this);
        Take(Share.Enter(status, ++_version));
    }

    public void Unwatch()
    {
        Witness = null;
        Take(Share.Unwatch(++_version));
    }

    public void Retire() => Take(Share.Retire(Node.Departed));

    public void LosePatience()
    {
        if (!IsSettled)
            Take(Share.SettleAlone(Id));
    }

    public void Retry()
    {
        if (IsOwed)
            Resend();
    }

    public void Resend()
    {
        if (_share is not null)
            Take(_share.Resend(++_version));
    }

    public void ShardEnded(HomePart home)
    {
        if (Home != home)
            return;
        Home = null;
        Resend();
    }

    public void Receive(ReportAccepted accepted, HomePart from)
    {
        if (_share is not null)
        {
            Home = from;
            Take(_share.Accept(accepted, Id, Node.Departed, ++_version));
            if (!from.IsAlive)
                world.Soon($"{Id} finds the shard of home {from.Incarnation} ended", () => ShardEnded(from), () => IsAlive);
        }
        else if (accepted.Holds)
        {
            Disclaim();
        }
    }

    public void Receive(AskReport _)
    {
        if (_share is not null)
            Resend();
        else
            Disclaim();
    }

    public void Receive(PresenceChanged change)
    {
        if (_share is not null)
            Take(_share.Changed(change, Node.Departed, ++_version));
        else
            Disclaim();
    }

    private NodeShare Share => _share ?? NodeShare.None;

    private void Disclaim() => world.SendToHome(this, new NodeReport(FaultyWorld.Subject, Id, new Page(++_version, []), false, []));

    private void Take(NodeShare.Step step)
    {
        _share = step.Next;
        if (Witness is not null)
            Witness.Hear(step.Changes, _share.Book);
        else if (!step.Changes.IsEmpty)
            world.Violate(Violation.Invented, $"{Id} tells changes to nobody");
        if (step.Report is { } page)
            world.SendToHome(this, _share.ToReport(FaultyWorld.Subject, Id, page));
        if (_share.IsForgettable)
            _share = null;
    }
}
