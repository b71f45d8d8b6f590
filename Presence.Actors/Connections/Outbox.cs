using Presence.Actors.Model;

namespace Presence.Actors.Connections;

/// <summary>
/// The order in which messages go to a client, and what is held while the client is behind: one merged change per session, and the
/// replies between them. So being slow costs memory by what is followed, not by how long it lasts (contract L1). Nothing is ever
/// overtaken: a reply goes out behind every change that was told before it, and before every change that was told after it.
/// </summary>
/// <remarks>
/// <para>
/// While replies are held, the connection carries out no further request (<see cref="IsWritable"/>), so they are few: that of the
/// request under way, and notices.
/// </para>
/// <para>It is a value to save an object per connection, so it is kept in a field that is not readonly, and never copied.</para>
/// </remarks>
internal struct Outbox(ILink link)
{
    // Null while nothing is held, which is nearly always.
    private HeldMessages? _held;

    /// <summary>Whether the client takes what it is sent. As long as it does, nothing is held.</summary>
    public bool IsWritable { get; private set; } = true;

    /// <summary>Sends a reply, behind all that is held.</summary>
    public void Reply(ServerMessage reply)
    {
        if (IsWritable)
            IsWritable = link.Send(reply);
        else
            (_held ??= new()).Add(reply);
    }

    /// <summary>Sends a change, or merges it into what is held.</summary>
    public void Tell(ServerMessage.StatusEvent change)
    {
        if (IsWritable)
        {
            IsWritable = link.Send(change);
            return;
        }

        _held ??= new();
        foreach (var next in change.Changes)
            _held.Add(change.User, next);
    }

    /// <summary>
    /// The client has caught up: sends what is held until the client is behind again. How much that is at most, the link says: as many
    /// bytes as may wait for one client.
    /// </summary>
    public void Drained()
    {
        IsWritable = true;
        while (IsWritable && _held is not null)
        {
            if (_held.TryTake(out var message))
                IsWritable = link.Send(message);
            else
                _held = null;
        }
    }

    /// <summary>The link is about to be closed: sends the replies that are held, without the changes, and then one message more.</summary>
    /// <param name="last">The last message; null for none.</param>
    public void Finish(ServerMessage? last)
    {
        foreach (var reply in _held?.Replies ?? [])
            link.Send(reply);
        _held = null;
        if (last is not null)
            link.Send(last);
    }

    /// <summary>What is held, in the order in which it goes out. Each of its members costs constant time.</summary>
    private sealed class HeldMessages
    {
        private readonly LinkedList<Item> _items = new();

        // The changes that a later one is merged into: those behind the last reply, since no change may overtake one.
        private readonly Dictionary<(UserId User, SessionId Session), LinkedListNode<Item>> _open = [];

        public IEnumerable<ServerMessage> Replies => _items.Where(item => item.Reply is not null).Select(item => item.Reply!);

        public void Add(ServerMessage reply)
        {
            _items.AddLast(new Item(reply, default, default));
            _open.Clear();
        }

        public void Add(UserId user, StatusChange next)
        {
            var key = (user, next.Session);
            if (!_open.TryGetValue(key, out var held))
            {
                _open[key] = _items.AddLast(new Item(null, user, next));
            }
            else if (held.Value.Change.Then(next) is { } merged)
            {
                held.Value = new Item(null, user, merged);
            }
            else
            {
                _open.Remove(key);
                _items.Remove(held);
            }
        }

        public bool TryTake(out ServerMessage message)
        {
            if (_items.First is not { } first)
            {
                message = null!;
                return false;
            }

            var (reply, user, change) = first.Value;
            _items.RemoveFirst();
            if (reply is null && _open.GetValueOrDefault((user, change.Session)) == first)
                _open.Remove((user, change.Session));
            message = reply ?? new ServerMessage.StatusEvent(user, [change]);
            return true;
        }

        /// <param name="Reply">A reply; null if this is a change.</param>
        /// <param name="User">Whose status has changed.</param>
        /// <param name="Change">How.</param>
        private readonly record struct Item(ServerMessage? Reply, UserId User, StatusChange Change);
    }
}
