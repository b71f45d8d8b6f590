using Presence.Client.Requests;
using Presence.Client.Rosters;
using Presence.Client.Wire;

namespace Presence.Client.Connections;

/// <summary>
/// Puts in force on a new link what was in force on the last one: the status, and all that is followed. It ends when everything is
/// answered; a refusal of what had been accepted makes the link useless.
/// </summary>
/// <param name="exchange">The requests of the link.</param>
/// <param name="picture">What is followed.</param>
/// <param name="status">What was shown.</param>
/// <param name="calls">What the caller has asked for since.</param>
/// <param name="done">What comes then.</param>
internal sealed class Restoration(Exchange exchange, Picture picture, OwnStatus status, Calls calls, Action done)
{
    private readonly TaskCompletionSource<PresenceConnectionException> _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FollowRequest _follow = picture.Ledger.RepeatAll();
    private int _unanswered = 1;
    private bool _hasFailed;

    public bool IsDone { get; private set; }

    /// <summary>Ends when the server has refused.</summary>
    public Task<PresenceConnectionException> Refused => _refused.Task;

    public void Begin()
    {
        RestoreStatus();
        RestoreFollows();
        Answered();
    }

    /// <summary>The link is over.</summary>
    public void GiveUp() => _hasFailed = true;

    /// <summary>
    /// Shows what was shown last, or rather what the caller has asked for since: what it wants no more is not shown again.
    /// </summary>
    private void RestoreStatus()
    {
        var call = calls.LastStatus;
        var wanted = call is null ? status.Last : call.Status;
        if (wanted == status.Shown)
        {
            StatusRestored(call, wanted);
            return;
        }

        Ask(new ClientMessage.UpdateStatus(wanted), _ => StatusRestored(call, wanted), refusal =>
        {
            if (call is null)
            {
                Fail(refusal);
                return;
            }

            calls.Remove(call);
            call.Fail(refusal);
            RestoreStatus();
        });
    }

    private void StatusRestored(StatusCall? call, string? shown)
    {
        status.Acknowledge(shown);
        if (call is not null)
            calls.CompleteStatuses(call);
    }

    private void RestoreFollows()
    {
        picture.Ledger.Begin(_follow);
        var since = picture.Ledger.Now;
        foreach (var part in FollowChunks.Follow(_follow.Ids, _follow.Names))
            Ask(part, answer => picture.Learn(_follow, part, answer, since), Fail);
    }

    private void Ask(ClientMessage message, Action<ServerMessage> accepted, Action<PresenceRequestException> refused)
    {
        _unanswered++;
        exchange.Ask(
            message,
            reply =>
            {
                accepted(reply);
                Answered();
            },
            refusal =>
            {
                refused(refusal);
                Answered();
            });
    }

    private void Fail(PresenceRequestException refusal)
    {
        _hasFailed = true;
        _refused.TrySetResult(new PresenceConnectionException(
            DisconnectReason.RestoreRefused, $"The server refused what it had accepted before: {refusal.Message}", refusal));
    }

    private void Answered()
    {
        if (--_unanswered > 0 || _hasFailed)
            return;
        IsDone = true;
        picture.Ledger.Complete(_follow);
        done();
    }
}
