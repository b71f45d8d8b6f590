using System.Text.Json;
using Presence.Bench.Abuse;
using Presence.Bench.Plans;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;

namespace Presence.Bench.Soak;

/// <summary>
/// A client of a soak: it acts when it is told to, checks every event that it gets, and keeps what it is shown, for comparison at rest.
/// One task acts; the reader runs on another one.
/// </summary>
internal sealed class SoakClient(AbuseContext context, LinkKind kind, Account account, Action<string> fault) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<(char Cid, string[] Users)> _pending = [];
    private readonly HashSet<string> _followed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private ChainCheck _chain = new();
    private AbuserLink? _link;
    private Task _reading = Task.CompletedTask;
    private long _events;

    /// <summary>The id of its user.</summary>
    public string User => account.UserId;

    /// <summary>The status that it shows; null: it shows none.</summary>
    public string? Status { get; private set; }

    /// <summary>Whether it has a link.</summary>
    public bool IsOpen => _link is { IsOpen: true };

    /// <summary>How many events it has had.</summary>
    public long Events
    {
        get
        {
            lock (_lock)
                return _events + _chain.Events;
        }
    }

    /// <summary>How many requests are not answered.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
                return _pending.Count;
        }
    }

    /// <summary>How many users it has asked to follow.</summary>
    public int Follows => _asked.Count;

    /// <summary>Whether it has asked to follow a user.</summary>
    public bool HasAsked(string user) => _asked.Contains(user);

    /// <summary>Opens a link; the client appears online with an empty status.</summary>
    public async Task OpenAsync()
    {
        var link = await context.OpenAsync(kind, account, isVisible: true).ConfigureAwait(false);
        if (link is null)
        {
            fault("a client was not let in");
            return;
        }

        lock (_lock)
        {
            _events += _chain.Events;
            _chain = new ChainCheck();
            _chain.AllowAnyStart(User);
            _pending.Clear();
            _followed.Clear();
        }

        _asked.Clear();
        _link = link;
        Status = "";
        _reading = ReadAsync(link);
    }

    /// <summary>Cuts the link: status and follows are over.</summary>
    public async Task CloseAsync()
    {
        var link = _link;
        (_link, Status) = (null, null);
        lock (_lock)
            _pending.Clear();
        link?.Dispose();
        await _reading.ConfigureAwait(false);
    }

    /// <summary>Shows a status.</summary>
    public Task UpdateAsync(string status)
    {
        Status = status;
        return SendAsync('u', [], Outgoing.Update(kind, status));
    }

    /// <summary>Shows nothing.</summary>
    public Task EraseAsync()
    {
        Status = null;
        return SendAsync('u', [], Outgoing.Erase(kind));
    }

    /// <summary>Follows users.</summary>
    public Task FollowAsync(string[] users)
    {
        _asked.UnionWith(users);
        return SendAsync('f', users, Outgoing.Follow(kind, users));
    }

    /// <summary>Unfollows users.</summary>
    public Task UnfollowAsync(string[] users)
    {
        _asked.ExceptWith(users);
        return SendAsync('x', users, Outgoing.Unfollow(kind, users));
    }

    /// <summary>Some users that the client has asked to follow.</summary>
    public string[] SomeFollowed(int count) => [.. _asked.Take(count)];

    /// <summary>What differs from the truth, in words; empty if nothing does.</summary>
    /// <param name="statuses">The status of each user; those who show none are absent.</param>
    /// <param name="compared">How many users were compared.</param>
    public List<string> Differences(IReadOnlyDictionary<string, string> statuses, out int compared)
    {
        var differences = new List<string>();
        lock (_lock)
        {
            compared = _followed.Count;
            foreach (var user in _followed)
            {
                string[] shown = [.. _chain.StatusesOf(user)];
                string[] real = statuses.TryGetValue(user, out var status) ? [status] : [];
                if (!shown.SequenceEqual(real))
                    differences.Add($"{User} is shown [{string.Join(", ", shown)}] of {user}, who shows [{string.Join(", ", real)}]");
            }
        }

        return differences;
    }

    public void Dispose() => _link?.Dispose();

    private async Task SendAsync(char cid, string[] users, byte[] bytes)
    {
        if (_link is not { } link)
            return;
        lock (_lock)
            _pending.Enqueue((cid, users));
        await link.SendAsync(bytes, context.Ended).ConfigureAwait(false);
    }

    private async Task ReadAsync(AbuserLink link)
    {
        await link.ReadAsync(text =>
        {
            lock (_lock)
            {
                try
                {
                    if (ReferenceEquals(link, _link))
                        Hear(text);
                }
                catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
                {
                    fault($"a message that this tool does not read: {e.Message}");
                }
            }
        }, 0, context.Ended).ConfigureAwait(false);
        if (ReferenceEquals(link, _link) && !context.Ended.IsCancellationRequested)
            fault("a client was cut off");
    }

    private void Hear(ReadOnlyMemory<byte> text)
    {
        using var message = JsonDocument.Parse(text);
        var root = message.RootElement;
        if (root.TryGetProperty("status_presence_event", out var change))
        {
            var breaks = _chain.Breaks;
            _chain.Event(change);
            if (_chain.Breaks > breaks)
                fault($"wrong chain (E2): {(_chain.Examples is [.., var last] ? last : "more of them")}");
            foreach (var side in (ReadOnlySpan<string>)["joins", "leaves"])
            {
                if (change.TryGetProperty(side, out var presences))
                    CheckFollowed(presences);
            }

            return;
        }

        if (root.TryGetProperty("notifications", out _))
            return;
        if (!_pending.TryDequeue(out var request))
        {
            fault($"a message that answers nothing: {root.GetRawText()}");
            return;
        }

        var cid = root.TryGetProperty("cid", out var given) ? given.GetString() : "";
        if (root.TryGetProperty("error", out var error))
            fault($"a request was refused: {error.GetRawText()}");
        else if (cid is not [var letter] || letter != request.Cid)
            fault($"an answer with the cid '{cid}' where '{request.Cid}' was due");
        else if (request.Cid == 'f')
            HearFollowed(request.Users, root);
        else if (request.Cid == 'x')
            Forget(request.Users);
    }

    private void HearFollowed(string[] users, JsonElement root)
    {
        var breaks = _chain.Breaks;
        _chain.Answer(users, root.GetProperty("status").GetProperty("presences"));
        if (_chain.Breaks > breaks)
            fault($"wrong answer to a follow (F1): {(_chain.Examples is [.., var last] ? last : "more of them")}");
        _followed.UnionWith(users);
    }

    private void Forget(string[] users)
    {
        _chain.Forget(users);
        _followed.ExceptWith(users);
    }

    private void CheckFollowed(JsonElement presences)
    {
        foreach (var presence in presences.EnumerateArray())
        {
            var user = presence.TryGetProperty("user_id", out var id) ? id.GetString()! : "";
            if (user != User && !_followed.Contains(user))
                fault($"an event of {user}, who is not followed (E5)");
        }
    }
}
