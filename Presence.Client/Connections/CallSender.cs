using System.Collections.Immutable;
using Presence.Client.Requests;
using Presence.Client.Rosters;
using Presence.Client.Wire;

namespace Presence.Client.Connections;

/// <summary>Sends calls on one link, and ends each when all of its messages are answered: in force as a whole, or not at all.</summary>
/// <param name="exchange">The requests of the link.</param>
/// <param name="picture">What is followed.</param>
/// <param name="status">What is shown.</param>
/// <param name="calls">The calls, which end here.</param>
internal sealed class CallSender(Exchange exchange, Picture picture, OwnStatus status, Calls calls)
{
    private readonly Ledger _ledger = picture.Ledger;

    public void Send(Call call)
    {
        call.IsSent = true;
        call.Unanswered = 1;
        switch (call)
        {
            case StatusCall update:
                Ask(call, new ClientMessage.UpdateStatus(update.Status), _ => status.Acknowledge(update.Status));
                break;
            case FollowCall { Follow: var follow }:
                _ledger.Begin(follow);
                var since = _ledger.Now;
                foreach (var part in FollowChunks.Follow(follow.Ids, follow.Names))
                    Ask(call, part, answer => picture.Learn(follow, part, answer, since));
                break;
            case UnfollowCall unfollow:
                foreach (var part in FollowChunks.Unfollow(unfollow.Users))
                    Ask(call, part, _ => picture.Forget(part.UserIds));
                break;
        }

        Answered(call);
    }

    /// <summary>Ends follows that nobody wants, without a word to anybody.</summary>
    public void Undo()
    {
        if (_ledger.TakeUnwanted() is not { Count: > 0 } users)
            return;
        foreach (var part in FollowChunks.Unfollow(users))
            exchange.Ask(part, _ => RepeatTold(_ledger.Undone(part.UserIds)), _ => { });
        // One of them may have a name that is awaited: that follow has ended with it.
        Repeat(_ledger.RepeatNames());
    }

    // What the caller is about to end must not begin again behind it.
    private void RepeatTold(IEnumerable<Guid> users) =>
        Repeat(FollowRequest.Repeat(users.Where(user => !calls.IsUnfollowing(user)), ImmutableDictionary<string, long>.Empty));

    // Asks again for what the client itself has ended and the caller wants.
    private void Repeat(FollowRequest follow)
    {
        if (follow.IsEmpty)
            return;
        var call = new FollowCall(follow);
        call.Ended.Observe();
        calls.Add(call);
        Send(call);
    }

    private void Ask(Call call, ClientMessage message, Action<ServerMessage> accepted)
    {
        call.Unanswered++;
        exchange.Ask(
            message,
            reply =>
            {
                call.Accepted++;
                accepted(reply);
                Answered(call);
            },
            refusal =>
            {
                call.Refusal ??= refusal;
                Answered(call);
            });
    }

    private void Answered(Call call)
    {
        if (--call.Unanswered > 0)
            return;
        calls.Remove(call);
        switch (call)
        {
            case FollowCall { Follow: var follow } when call.Refusal is not null || call.IsCancelled:
                // What was accepted of it is undone: a follow is in force as a whole or not at all.
                _ledger.Abandon(follow, wasAccepted: call.Accepted > 0);
                break;
            case FollowCall follow:
                follow.Complete(_ledger.Complete(follow.Follow));
                break;
        }

        if (call.Refusal is { } refusal)
            call.Fail(refusal);
        else if (call is Call<bool> done)
            done.Complete(true);
    }
}
