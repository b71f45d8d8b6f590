using System.Collections.Immutable;
using Presence.Actors.Model;
using Presence.Tests.Clusters.Oracle;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Load;

/// <summary>One link of a client, as it is written down for the oracle. May be written by several threads.</summary>
internal sealed class Recording(string name, Account account, int node, Func<TimeSpan> clock)
{
    private readonly Lock _gate = new();
    private readonly List<Deed> _deeds = [];
    private readonly List<Heard> _transcript = [];
    private readonly Dictionary<string, Request> _requests = [];
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _session;
    private TimeSpan? _opened;
    private TimeSpan? _ends;
    private Ending? _ending;

    /// <summary>Completes when the link has ended.</summary>
    public Task Over => _over.Task;

    public bool IsOver => Over.IsCompleted;

    /// <summary>The link is being opened.</summary>
    public void Opens(bool appearsOnline)
    {
        lock (_gate)
        {
            if (appearsOnline)
                _deeds.Add(new Deed("", clock(), null));
        }
    }

    public void Opened(string? session)
    {
        lock (_gate)
        {
            _session = session;
            _opened = clock();
            if (_deeds.Count > 0)
                _deeds[0] = _deeds[0] with { Acknowledged = _opened };
        }
    }

    /// <summary>A status is about to be sent, or, when it is null, an erase.</summary>
    public Task Does(string cid, string? status)
    {
        lock (_gate)
        {
            _deeds.Add(new Deed(status, clock(), null));
            return Ask(new Request(cid, clock()) { Deed = _deeds.Count - 1 });
        }
    }

    public Task Follows(string cid, ImmutableArray<UserId> ids, ImmutableArray<UserId> holders)
    {
        lock (_gate)
            return Ask(new Request(cid, clock()) { Ids = ids, Holders = holders });
    }

    public Task Unfollows(string cid, ImmutableArray<UserId> users)
    {
        lock (_gate)
            return Ask(new Request(cid, clock()) { Ids = users });
    }

    public Task Pings(string cid)
    {
        lock (_gate)
            return Ask(new Request(cid, clock()));
    }

    /// <summary>The client is about to end the link.</summary>
    public void Ends()
    {
        lock (_gate)
            _ends ??= clock();
    }

    /// <summary>The link told something.</summary>
    public void Hear(Told told)
    {
        lock (_gate)
        {
            var at = clock();
            switch (told)
            {
                case Told.Event change:
                    _transcript.Add(new Heard.Event(at, change.Joins, change.Leaves));
                    break;
                case Told.Closed:
                    _ending ??= new Ending(_ends is not null, _ends ?? at, at);
                    _over.TrySetResult();
                    break;
                case { ReplyTo: { } cid } when _requests.Remove(cid, out var request):
                    Hear(told, request, at);
                    request.Done.TrySetResult();
                    break;
            }
        }
    }

    /// <summary>What there is so far, for the oracle.</summary>
    public Life ToLife()
    {
        lock (_gate)
        {
            // A link that ended before it was open was there for no time at all.
            return new Life(name, account.User, account.Username, node, _opened ?? _ending?.At ?? clock())
            {
                Session = _session,
                Deeds = [.. _deeds],
                Transcript = [.. _transcript],
                Unanswered = [.. _requests.Values.Select(r => r.Sent)],
                Ending = _ending,
            };
        }
    }

    private void Hear(Told told, Request request, TimeSpan at)
    {
        switch (told)
        {
            case Told.Error error:
                _transcript.Add(new Heard.Refused(at, request.Sent, error.Message));
                break;
            case Told.Snapshot snapshot:
                _transcript.Add(new Heard.Answer(at, request.Sent, request.Ids, request.Holders, snapshot.Presences));
                break;
            case Told.Ack when request.Deed is { } deed:
                _deeds[deed] = _deeds[deed] with { Acknowledged = at };
                break;
            case Told.Ack:
                _transcript.Add(new Heard.Unfollowed(at, request.Sent, request.Ids));
                break;
        }
    }

    private Task Ask(Request request)
    {
        _requests.Add(request.Cid, request);
        return request.Done.Task;
    }

    private sealed record Request(string Cid, TimeSpan Sent)
    {
        public int? Deed { get; init; }

        public ImmutableArray<UserId> Ids { get; init; } = [];

        public ImmutableArray<UserId> Holders { get; init; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
