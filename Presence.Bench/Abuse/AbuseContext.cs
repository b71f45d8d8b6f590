using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Presence.Bench.Plans;
using Presence.Bench.Sockets;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>
/// What an abuse is given: where the server is, how many clients there are, and how long it takes. It owns every link that it opens.
/// </summary>
internal sealed class AbuseContext : IDisposable
{
    private const int PerSource = 10_000;
    private const int Sources = 200;

    // What this process opens later besides the links of the abuse: the probe, files of /proc, and what the runtime needs for new threads.
    private const int ReservedFiles = 100;

    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentBag<AbuserLink> _links = [];
    private readonly ConcurrentBag<string> _faults = [];
    private readonly string _key;
    private int _mostLinks = Native.MaxOpenFiles - Native.OpenFiles - ReservedFiles;
    private long _opened;
    private int _openLinks;
    private int _isDisposed;

    /// <param name="target">The server.</param>
    /// <param name="clients">How many clients there are.</param>
    /// <param name="seconds">For how long the abuse goes on.</param>
    /// <param name="key">The HS256 key of the server.</param>
    public AbuseContext(AbuseTarget target, int clients, double seconds, string key)
    {
        (Target, Clients, Seconds, _key) = (target, clients, seconds, key);
        // Read once: the token stays valid after the source is disposed.
        Ended = _ended.Token;
    }

    /// <summary>The server.</summary>
    public AbuseTarget Target { get; }

    /// <summary>How many clients there are.</summary>
    public int Clients { get; }

    /// <summary>For how long the abuse goes on, in seconds.</summary>
    public double Seconds { get; }

    /// <summary>Cancelled when the abuse is to end.</summary>
    public CancellationToken Ended { get; }

    /// <summary>What the clients were answered.</summary>
    public AnswerCounts Answers { get; } = new();

    /// <summary>What the clients have done, for example how many follows they sent.</summary>
    public AnswerCounts Done { get; } = new();

    /// <summary>What the server did wrong to a client of the abuse that it must serve, for example a wrong chain of events.</summary>
    public ImmutableArray<string> Faults => [.. _faults.Order(StringComparer.Ordinal)];

    /// <summary>Notes that the server did something wrong.</summary>
    public void AddFault(string fault) => _faults.Add(fault);

    /// <summary>Makes accounts. Users below 1,000 belong to the pairs and the probe.</summary>
    public ImmutableArray<Account> Accounts(int count, int first = 1000, string? username = null) =>
        Account.Mint(first, count, _key, DateTimeOffset.UtcNow, username);

    /// <summary>Opens a socket and does not send anything; null if that failed.</summary>
    public async Task<AbuserLink?> ConnectAsync(LinkKind kind, bool isSecured = false, int? receiveBuffer = null)
    {
        if (Ended.IsCancellationRequested)
            return null;
        if (TryMake(kind, receiveBuffer) is not { } link)
        {
            Done.Add("links not opened: this tool may not open more files");
            return null;
        }

        _links.Add(link);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        patience.CancelAfter(OpenPatience);
        if (!await link.ConnectAsync(NextSource(Target.AddressOf(kind)), patience.Token).ConfigureAwait(false)
            || isSecured && Target.IsTls(kind) && !await link.SecureAsync(patience.Token).ConfigureAwait(false))
        {
            link.Dispose();
            return null;
        }

        return link;
    }

    /// <summary>A link has been closed, and its file descriptor is free.</summary>
    internal void Closed() => Interlocked.Decrement(ref _openLinks);

    /// <summary>Opens a link of a user; null if that failed or was refused.</summary>
    public async Task<AbuserLink?> OpenAsync(LinkKind kind, Account account, bool isVisible = false, string format = "json", int? receiveBuffer = null)
    {
        var link = await ConnectAsync(kind, isSecured: true, receiveBuffer).ConfigureAwait(false);
        if (link is null)
            return null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        patience.CancelAfter(OpenPatience);
        if (await link.OpenAsync(account, isVisible, format, patience.Token).ConfigureAwait(false))
            return link;
        link.Dispose();
        return null;
    }

    /// <summary>Runs something for each client at the same time, and again for a client whose link was ended, until the end.</summary>
    /// <param name="client">What one client does; it returns when its link has ended.</param>
    /// <param name="isRepeated">Whether a client begins again, after a pause, when its link has ended.</param>
    public Task ForEachClientAsync(Func<int, Task> client, bool isRepeated = false) => Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(async () =>
    {
        do
        {
            await client(i).ConfigureAwait(false);
            if (isRepeated)
                await PauseAsync(TimeSpan.FromMilliseconds(100)).ConfigureAwait(false);
        }
        while (isRepeated && !Ended.IsCancellationRequested);
    })));

    /// <summary>Does something for many, some at a time.</summary>
    public async Task ForManyAsync(int count, int atOnce, Func<int, Task> one)
    {
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(atOnce, count)).Select(_ => Task.Run(async () =>
        {
            while (!Ended.IsCancellationRequested && Interlocked.Increment(ref next) is var i && i < count)
                await one(i).ConfigureAwait(false);
        }))).ConfigureAwait(false);
    }

    /// <summary>Waits until the abuse is to end.</summary>
    public Task UntilEndAsync() => PauseAsync(Timeout.InfiniteTimeSpan);

    /// <summary>Waits, at most until the abuse is to end.</summary>
    public async Task PauseAsync(TimeSpan time) =>
        await Task.Delay(time, Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Begins the time of the abuse.</summary>
    public void Begin()
    {
        // The pairs are there by now.
        _mostLinks = Native.MaxOpenFiles - Native.OpenFiles + Volatile.Read(ref _openLinks) - ReservedFiles;
        _ended.CancelAfter(TimeSpan.FromSeconds(Seconds));
    }

    /// <summary>Ends the abuse and cuts all its links.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        _ended.Cancel();
        foreach (var link in _links)
            link.Dispose();
        _ended.Dispose();
    }

    private AbuserLink? TryMake(LinkKind kind, int? receiveBuffer)
    {
        try
        {
            if (Interlocked.Increment(ref _openLinks) <= _mostLinks)
                return new AbuserLink(this, kind, receiveBuffer);
        }
        catch (SocketException)
        {
            // The system has no more of them, whatever the limit of this process is.
        }

        Closed();
        return null;
    }

    // More than some 28,000 connections need more than one address, and the pairs have 127.0.0.1 for themselves.
    private IPEndPoint? NextSource(IPEndPoint to) => !IPAddress.IsLoopback(to.Address) || to.Address.GetAddressBytes() is not [127, ..]
        ? null
        : new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + Interlocked.Increment(ref _opened) / PerSource % Sources)]), 0);
}
