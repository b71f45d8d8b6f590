using Presence.Actors.Model;

namespace Presence.Actors.Connections;

/// <summary>
/// The order in which messages go to a client, and what is kept back while the client is behind: one merged change per session,
/// so that being slow costs memory by what is followed, not by how long it lasts (contract L1). Nothing is ever overtaken: a
/// reply goes out behind every change that was told before it.
/// </summary>
/// <remarks>It is a value to save an object per connection, so it is kept in a field that is not readonly, and never copied.</remarks>
internal struct Outbox(ILink link)
{
    // Null while nothing is held, which is nearly always.
    private Dictionary<(UserId User, SessionId Session), StatusChange>? _held;

    /// <summary>Whether the client takes what it is sent.</summary>
    public bool IsWritable { get; private set; } = true;

    /// <summary>Sends a reply, behind all changes that are held.</summary>
    public void Reply(ServerMessage reply)
    {
        Release(all: true);
        IsWritable = link.Send(reply);
    }

    /// <summary>Sends a change, or merges it into what is held.</summary>
    public void Tell(ServerMessage.StatusEvent change)
    {
        if (IsWritable)
        {
            IsWritable = link.Send(change);
            return;
        }

        _held ??= [];
        foreach (var next in change.Changes)
        {
            var key = (change.User, next.Session);
            if (!_held.Remove(key, out var first))
                _held[key] = next;
            else if (first.Then(next) is { } merged)
                _held[key] = merged;
        }
    }

    /// <summary>The client has caught up.</summary>
    public void Drained()
    {
        IsWritable = true;
        Release(all: false);
    }

    private void Release(bool all)
    {
        if (_held is null)
            return;
        foreach (var ((user, _), change) in _held.ToList())
        {
            if (!all && !IsWritable)
                return;
            _held.Remove((user, change.Session));
            IsWritable = link.Send(new ServerMessage.StatusEvent(user, [change]));
        }

        _held = null;
    }
}
