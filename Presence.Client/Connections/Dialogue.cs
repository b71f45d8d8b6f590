using Presence.Client.Links;
using Presence.Client.Requests;
using Presence.Client.Rosters;
using Presence.Client.Wire;

namespace Presence.Client.Connections;

/// <summary>What is said on one link: first everything that was in force is restored, then calls are sent, and at the end it is known why it ended.</summary>
internal sealed class Dialogue
{
    private readonly Exchange _exchange;
    private readonly Picture _picture;
    private readonly Restoration _restoration;
    private readonly CallSender _sender;
    private ServerMessage.Failed? _lastFailure;
    private ServerMessage.Notice? _lastNotice;
    private TaskCompletionSource<bool> _expiring = NewSignal();

    /// <param name="exchange">The requests of the link.</param>
    /// <param name="picture">What is followed.</param>
    /// <param name="status">What is shown.</param>
    /// <param name="calls">What the caller asks for.</param>
    /// <param name="ready">What is to be done when everything is restored, before calls are sent.</param>
    public Dialogue(Exchange exchange, Picture picture, OwnStatus status, Calls calls, Action ready)
    {
        _exchange = exchange;
        _picture = picture;
        _sender = new CallSender(exchange, picture, status, calls);
        _restoration = new Restoration(exchange, picture, status, calls, done: () =>
        {
            ready();
            _sender.Undo();
            foreach (var call in calls.Unsent)
                _sender.Send(call);
        });
    }

    /// <summary>Whether everything is restored.</summary>
    public bool IsReady => _restoration.IsDone;

    /// <summary>Ends when the link is of no use.</summary>
    public Task<PresenceConnectionException> Dropped => _restoration.Refused;

    /// <summary>Ends when the server has said that the token of the link expires soon.</summary>
    public Task Expiring => _expiring.Task;

    /// <summary>When the oldest request was sent that is not answered; null: all are.</summary>
    public long? OldestSentAt => _exchange.OldestSentAt;

    /// <summary>What is to be written.</summary>
    public Exchange Exchange => _exchange;

    public void Begin() => _restoration.Begin();

    /// <summary>Something more is asked for; it waits until everything is restored.</summary>
    public void Send(Call call)
    {
        if (IsReady)
            _sender.Send(call);
    }

    /// <summary>Asks for a sign of life.</summary>
    public void Ping() => _exchange.Ask(new ClientMessage.Ping(), _ => { }, _ => { });

    /// <summary>Asks the server to go on by another token.</summary>
    /// <returns>When that token expires; null if the server does not say.</returns>
    public Task<DateTimeOffset?> RefreshAsync(string token)
    {
        var answered = new TaskCompletionSource<DateTimeOffset?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _exchange.Ask(
            new ClientMessage.RefreshSession(token),
            reply =>
            {
                // What was said before was said of the other token.
                if (_expiring.Task.IsCompleted)
                    _expiring = NewSignal();
                answered.TrySetResult(reply is ServerMessage.SessionRefreshed refreshed ? refreshed.ExpiresAt : null);
            },
            refusal => answered.TrySetException(refusal));
        return answered.Task;
    }

    /// <summary>The server has said something.</summary>
    public void Received(ServerMessage message)
    {
        // The last word is the reason only if nothing came behind it.
        _lastFailure = null;
        switch (message)
        {
            case ServerMessage.StatusEvent change:
                _picture.Apply(change);
                break;
            case ServerMessage.Failed { Cid: null } failure:
                _lastFailure = failure;
                break;
            case ServerMessage.Ping:
                _exchange.AnswerPing();
                break;
            case ServerMessage.Notice notice:
                _lastNotice = notice;
                if (notice.Code == Diagnosis.ExpiringNotice)
                    _expiring.TrySetResult(true);
                break;
            case { Cid: not null }:
                _exchange.TryAnswer(message);
                break;
        }

        if (IsReady)
            _sender.Undo();
    }

    /// <summary>The link is over.</summary>
    /// <returns>Why.</returns>
    public PresenceConnectionException End(LinkEnd end)
    {
        var why = Diagnosis.Of(end, _lastNotice, _lastFailure);
        _restoration.GiveUp();
        // What the server will not read must not be sent again, or it would end every link.
        if (why.Reason == DisconnectReason.ProtocolViolation && end.Fault is null)
            _exchange.Refuse(_lastFailure ?? new ServerMessage.Failed(null, PresenceRequestException.BadInput, why.Message));
        return why;
    }

    private static TaskCompletionSource<bool> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
