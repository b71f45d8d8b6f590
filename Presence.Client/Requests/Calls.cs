using Presence.Client.Rosters;

namespace Presence.Client.Requests;

/// <summary>What the caller has asked for and is not in force yet, in the order of the asking, over any number of links.</summary>
/// <param name="ledger">Knows what of a follow is under way.</param>
internal sealed class Calls(Ledger ledger)
{
    private readonly LinkedList<Call> _calls = [];

    /// <summary>The last status that is asked for; null: none is.</summary>
    public StatusCall? LastStatus
    {
        get
        {
            for (var node = _calls.Last; node is not null; node = node.Previous)
            {
                if (node.Value is StatusCall call)
                    return call;
            }

            return null;
        }
    }

    /// <summary>Those that were not sent on the present link.</summary>
    public IReadOnlyList<Call> Unsent => [.. _calls.Where(call => !call.IsSent)];

    /// <summary>Whether the caller has asked for the end of the follow of a user.</summary>
    public bool IsUnfollowing(Guid user) => _calls.Any(call => call is UnfollowCall unfollow && unfollow.Users.Contains(user));

    public void Add(Call call) => _calls.AddLast(call);

    public void Remove(Call call) => _calls.Remove(call);

    /// <summary>A caller waits no longer. What was not sent is not asked for; what was is looked after until it is answered.</summary>
    public void Cancel(Call call, CancellationToken cancel)
    {
        call.IsCancelled = true;
        call.Cancel(cancel);
        if (!call.IsSent)
            Drop(call);
    }

    /// <summary>A status is in force, and with it all that it has superseded.</summary>
    public void CompleteStatuses(StatusCall until)
    {
        if (!_calls.Contains(until))
            return;
        foreach (var call in _calls.OfType<StatusCall>().TakeWhile(call => call != until).Append(until).ToList())
        {
            _calls.Remove(call);
            call.Complete(true);
        }
    }

    /// <summary>The link is lost: what still waits for an answer is to be sent again.</summary>
    public void LinkLost()
    {
        foreach (var call in _calls.ToList())
        {
            // What the client itself has asked for again is asked for on every link anyway.
            if (call.IsCancelled || call is FollowCall { Follow.IsRepetition: true })
                Drop(call);
            else
                call.Restart();
        }
    }

    /// <summary>The client has ended.</summary>
    /// <param name="fault">Makes the exception that says why.</param>
    public void End(Func<Exception> fault)
    {
        foreach (var call in _calls)
            call.Fail(fault());
        _calls.Clear();
    }

    private void Drop(Call call)
    {
        if (_calls.Remove(call) && call is FollowCall follow)
            ledger.Abandon(follow.Follow, wasAccepted: false);
    }
}
