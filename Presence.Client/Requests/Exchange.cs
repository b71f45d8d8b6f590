using System.Globalization;
using Presence.Client.Wire;

namespace Presence.Client.Requests;

/// <summary>
/// The requests of one link: what is to be written, and which replies are due. A server answers in the order of the requests, and
/// replies are found by their names nevertheless. Only so many are sent at once as any server can answer at once.
/// </summary>
/// <param name="format">How requests are written.</param>
/// <param name="mostBytes">The longest message that the server takes.</param>
/// <param name="clock">The time.</param>
internal sealed class Exchange(WireFormat format, int mostBytes, TimeProvider clock)
{
    /// <summary>
    /// How many requests are sent before one of them is answered. Nakama ends the link of a client for whom more than 64 messages wait,
    /// and a status brings two, the reply and the event; the rest is for the events of others.
    /// </summary>
    public const int MostUnanswered = 16;

    private readonly Queue<(long Cid, byte[] Message)> _outgoing = new();
    private readonly SortedList<long, Due> _due = [];
    private long _last;
    private bool _owesPong;
    private TaskCompletionSource<bool>? _more;

    /// <summary>When the oldest request that is not answered was sent; null: all are answered.</summary>
    public long? OldestSentAt => Unanswered > 0 ? _due.Values[0].SentAt : null;

    /// <summary>How many were sent and are not answered.</summary>
    private int Unanswered => _due.Count - _outgoing.Count;

    private bool HasNext => _owesPong || HasRequest;

    private bool HasRequest => _outgoing.Count > 0 && Unanswered < MostUnanswered;

    /// <summary>Puts a request behind the others.</summary>
    /// <param name="message">What is asked.</param>
    /// <param name="accepted">Takes the answer.</param>
    /// <param name="refused">Takes the refusal; at once if no server takes a message of that length.</param>
    public void Ask(ClientMessage message, Action<ServerMessage> accepted, Action<PresenceRequestException> refused)
    {
        var cid = _last + 1;
        var bytes = format.Write(cid.ToString(CultureInfo.InvariantCulture), message);
        if (bytes.Length > mostBytes)
        {
            refused(new PresenceRequestException(PresenceRequestException.BadInput, $"A request of {bytes.Length} bytes is above the limit of {mostBytes}."));
            return;
        }

        _last = cid;
        _due.Add(cid, new Due(null, accepted, refused));
        _outgoing.Enqueue((cid, bytes));
        TellOfMore();
    }

    /// <summary>Answers a ping before any request that waits. However many pings come, one answer waits to be written.</summary>
    public void AnswerPing()
    {
        _owesPong = true;
        TellOfMore();
    }

    /// <summary>Takes a reply; false if none is due by that name.</summary>
    public bool TryAnswer(ServerMessage reply)
    {
        if (!long.TryParse(reply.Cid, NumberStyles.None, CultureInfo.InvariantCulture, out var cid) || !_due.TryGetValue(cid, out var due))
            return false;
        _due.Remove(cid);
        TellOfMore();
        if (reply is ServerMessage.Failed failure)
            due.Refused(new PresenceRequestException(failure.Code, failure.Message));
        else
            due.Accepted(reply);
        return true;
    }

    /// <summary>
    /// The server has refused to read on: that concerns the oldest request that was sent and is not answered, since what came before it was.
    /// </summary>
    public void Refuse(ServerMessage.Failed refusal)
    {
        if (Unanswered > 0)
            TryAnswer(refusal with { Cid = _due.Keys[0].ToString(CultureInfo.InvariantCulture) });
    }

    /// <summary>The next bytes to write: the answer to a ping, or a request if the server can answer more.</summary>
    public bool TryTake(out byte[] message)
    {
        message = [];
        if (_owesPong)
        {
            _owesPong = false;
            message = format.Pong;
            return true;
        }

        if (!HasRequest)
            return false;
        (var cid, message) = _outgoing.Dequeue();
        _due[cid] = _due[cid] with { SentAt = clock.GetTimestamp() };
        return true;
    }

    /// <summary>Ends when there is something to write.</summary>
    public Task MoreAsync()
    {
        if (HasNext)
            return Task.CompletedTask;
        _more ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        return _more.Task;
    }

    private void TellOfMore()
    {
        if (!HasNext)
            return;
        _more?.TrySetResult(true);
        _more = null;
    }

    private readonly record struct Due(long? SentAt, Action<ServerMessage> Accepted, Action<PresenceRequestException> Refused);
}
