using System.Globalization;
using System.Threading.Channels;
using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Tests.Semantics.Clients;

/// <summary>
/// One connected client of one user, over one kind of link. It reads all the time, unless told not to, and keeps what it is
/// told in order: <see cref="NextAsync()"/> takes one thing after the other, while a request that waits for its reply leaves
/// what comes before it to be taken later.
/// </summary>
/// <remarks>Any thread may send; only one at a time may take.</remarks>
public abstract class Peer(UserId user, string username) : IAsyncDisposable
{
    /// <summary>How long a peer waits for what should come at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<Told> _inbox = Channel.CreateUnbounded<Told>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly Queue<Told> _setAside = new();
    private readonly List<(Told Told, byte[] Bytes)> _transcript = [];
    private readonly SemaphoreSlim _sending = new(1);
    private TaskCompletionSource _reads = Completed();
    private Task _reading = Task.CompletedTask;
    private volatile string? _firstStatus;
    private Action<Told>? _listener;
    private int _cid;

    public UserId User { get; } = user;

    public string Username { get; } = username;

    /// <summary>
    /// The connection's name. A plain TCP link is told at its hello, a WebSocket by its own first event: null until then.
    /// </summary>
    public string? Session { get; protected set; }

    /// <summary>Everything that this peer was told, in order, taken or not.</summary>
    public IReadOnlyList<Told> Transcript
    {
        get
        {
            lock (_transcript)
                return [.. _transcript.Select(t => t.Told)];
        }
    }

    /// <summary>The bytes of every message of <see cref="Transcript"/>; empty where there are none.</summary>
    public IReadOnlyList<byte[]> Bytes
    {
        get
        {
            lock (_transcript)
                return [.. _transcript.Select(t => t.Bytes)];
        }
    }

    /// <summary>Whether the link has ended.</summary>
    public bool IsClosed => _reading.IsCompleted;

    public string NewCid() => Interlocked.Increment(ref _cid).ToString(CultureInfo.InvariantCulture);

    // ---- asking

    /// <summary>Sends a request and waits for nothing.</summary>
    public async Task SendAsync(ClientRequest request)
    {
        if (request is ClientRequest.UpdateStatus { Status: { } status })
            _firstStatus ??= status;
        await _sending.WaitAsync();
        try
        {
            await WriteAsync(request);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends a request and returns its reply; what comes before the reply is left to be taken.</summary>
    public async Task<Told> AskAsync(Func<string, ClientRequest> request)
    {
        var cid = NewCid();
        await SendAsync(request(cid));
        return await ReplyAsync(cid);
    }

    /// <summary>The reply to a request that has been sent; what comes before it is left to be taken.</summary>
    public async Task<Told> ReplyAsync(string? cid)
    {
        while (true)
        {
            var told = await ReceiveAsync($"the reply to {cid}");
            if (told is Told.Ack or Told.Pong or Told.Snapshot or Told.Refreshed or Told.Error && told.ReplyTo == cid)
                return told;
            _setAside.Enqueue(told);
            if (told is Told.Closed)
                throw new InvalidOperationException($"{Username} awaited the reply to {cid} and was closed. {Tail()}");
        }
    }

    public Task SetAsync(string status) => ExpectAsync<Told.Ack>(cid => new ClientRequest.UpdateStatus(cid, status));

    /// <summary>Sets the status and takes the event of it: then the session is known as well, and what is shown is returned.</summary>
    public async Task<Shown> ShowAsync(string status)
    {
        await SetAsync(status);
        while (true)
        {
            var told = await ReceiveAsync($"the event of its own '{status}'");
            if (told is Told.Event { Joins: [var join] } && join.Session == Session && join.Status == status)
                return join;
            _setAside.Enqueue(told);
        }
    }

    public Task EraseAsync() => ExpectAsync<Told.Ack>(cid => new ClientRequest.UpdateStatus(cid, null));

    public Task PingAsync() => ExpectAsync<Told.Pong>(cid => new ClientRequest.Ping(cid));

    public Task<IReadOnlyList<Shown>> FollowAsync(params UserId[] users) => FollowAsync(users, []);

    public Task<IReadOnlyList<Shown>> FollowNamesAsync(params string[] names) => FollowTextsAsync([], names);

    public Task<IReadOnlyList<Shown>> FollowAsync(IEnumerable<UserId> users, IEnumerable<string> names) =>
        FollowTextsAsync(users.Select(u => u.ToString()), names);

    /// <summary>Follows ids as they are written here.</summary>
    public async Task<IReadOnlyList<Shown>> FollowTextsAsync(IEnumerable<string> ids, IEnumerable<string> names) =>
        (await ExpectAsync<Told.Snapshot>(cid => new ClientRequest.Follow(cid, [.. ids], [.. names]))).Presences;

    public Task UnfollowAsync(params UserId[] users) =>
        ExpectAsync<Told.Ack>(cid => new ClientRequest.Unfollow(cid, [.. users.Select(u => u.ToString())]));

    /// <summary>Sends a request whose reply is of this kind.</summary>
    public async Task<T> ExpectAsync<T>(Func<string, ClientRequest> request)
        where T : Told
    {
        var told = await AskAsync(request);
        return told as T ?? throw new InvalidOperationException($"{Username} expected {typeof(T).Name} and was told {told}. {Tail()}");
    }

    // ---- being told

    /// <summary>
    /// From now on everything that this peer is told goes here, at once and in order, and is not kept: for peers that are told
    /// very much. What it has been told already comes first. Nothing can be taken, and no reply awaited, any more.
    /// </summary>
    public void Listen(Action<Told> listener)
    {
        lock (_transcript)
        {
            foreach (var (told, _) in _transcript)
                listener(told);
            _transcript.Clear();
            _listener = listener;
        }
    }

    /// <summary>The next thing that this peer was told and has not taken yet.</summary>
    public async Task<Told> NextAsync() =>
        _setAside.TryDequeue(out var told) ? told : await ReceiveAsync("anything");

    /// <summary>The next thing, which is of this kind.</summary>
    public async Task<T> NextAsync<T>()
        where T : Told
    {
        var told = _setAside.TryDequeue(out var earlier) ? earlier : await ReceiveAsync(typeof(T).Name);
        return told as T ?? throw new InvalidOperationException($"{Username} awaited {typeof(T).Name} and was told {told}. {Tail()}");
    }

    /// <summary>Everything that has not been taken, up to the answer to a ping that is sent now.</summary>
    public async Task<IReadOnlyList<Told>> UntilPongAsync()
    {
        await PingAsync();
        var told = _setAside.ToArray();
        _setAside.Clear();
        return told;
    }

    /// <summary>Takes everything up to the end of the link, which comes last.</summary>
    public async Task<IReadOnlyList<Told>> UntilClosedAsync()
    {
        var told = new List<Told>();
        do
        {
            told.Add(await NextAsync());
        }
        while (told[^1] is not Told.Closed);
        return told;
    }

    /// <summary>Stops taking bytes from the link; at most one message that was being waited for still comes.</summary>
    public virtual void StopReading()
    {
        if (_reads.Task.IsCompleted)
            _reads = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Takes bytes from the link again.</summary>
    public virtual void ReadOn() => _reads.TrySetResult();

    // ---- ending

    /// <summary>Ends the link as a polite client does, and waits for the server to have ended it too.</summary>
    public async Task CloseAsync()
    {
        await SayGoodbyeAsync();
        ReadOn();
        await _reading.WaitAsync(Patience);
    }

    /// <summary>Ends the link without a word, as the network does when a client dies.</summary>
    public async Task AbortAsync()
    {
        Cut();
        ReadOn();
        await _reading.WaitAsync(Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await AbortAsync();
        _sending.Dispose();
        GC.SuppressFinalize(this);
    }

    // ---- the link

    /// <summary>Writes one request; calls do not overlap.</summary>
    protected abstract Task WriteAsync(ClientRequest request);

    /// <summary>Reads one message; <see cref="Told.Closed"/> when there is none any more.</summary>
    protected abstract Task<(Told Told, byte[] Bytes)> ReadAsync();

    protected abstract Task SayGoodbyeAsync();

    /// <summary>Ends the link from below; <see cref="ReadAsync"/> then comes to its end.</summary>
    protected abstract void Cut();

    /// <summary>To be called once the link is up.</summary>
    protected void BeginReading(bool appearsOnline)
    {
        if (appearsOnline)
            _firstStatus = "";
        _reading = ReadAllAsync();
    }

    private async Task ReadAllAsync()
    {
        var isOpen = true;
        while (isOpen)
        {
            await _reads.Task;
            var (told, bytes) = await ReadAsync();
            LearnSession(told);
            Keep(told, bytes);
            isOpen = told is not Told.Closed;
        }
    }

    private void Keep(Told told, byte[] bytes)
    {
        lock (_transcript)
        {
            if (_listener is { } listener)
            {
                listener(told);
                return;
            }

            _transcript.Add((told, bytes));
            _inbox.Writer.TryWrite(told);
        }
    }

    /// <summary>A WebSocket is not told its name; it sees it when its own first status comes back.</summary>
    private void LearnSession(Told told)
    {
        if (Session is null && _firstStatus is { } text && told is Told.Event { Leaves: [], Joins: [var join] } && join.User == User && join.Status == text)
            Session = join.Session;
    }

    private async Task<Told> ReceiveAsync(string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await _inbox.Reader.ReadAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            var fault = _reading.Exception is { } e ? $" Reading failed: {e.InnerException}" : "";
            throw new TimeoutException($"{Username} ({GetType().Name}) awaited {what} for {Patience.TotalSeconds} s.{fault} {Tail()}");
        }
    }

    private string Tail()
    {
        var transcript = Transcript;
        return $"It was told {transcript.Count} things, lastly: {string.Join(" | ", transcript.TakeLast(8))}";
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
