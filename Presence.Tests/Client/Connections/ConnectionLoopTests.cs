using System.Text;
using Presence.Client;
using Presence.Client.Connections;
using Presence.Client.Links;
using Presence.Tests.Client.Faults;
using Xunit;

namespace Presence.Tests.Client.Connections;

/// <summary>How a client goes from link to link, on a clock of the test.</summary>
public sealed class ConnectionLoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly PresenceClientOptions Usual = new() { Server = new Uri("ws://nowhere"), TokenProvider = (_, _) => default };

    // How often a client looks after its link.
    private static readonly TimeSpan Tick = Usual.PingTimeout / 4;

    private const string ExpiringNotice = """{"notifications":{"notifications":[{"subject":"session_expiring","content":"{}","code":-4001}]}}""";

    private readonly WaitClock _clock = new();
    private readonly List<FakeLink> _links = [];
    private readonly List<Exception> _refusals = [];
    private readonly List<TokenContext> _contexts = [];
    private int _tokens;

    [Fact]
    public async Task A_link_that_is_lost_is_made_again_with_a_new_token()
    {
        await using var client = await ConnectAsync();
        await client.SetStatusAsync("one");
        _links[0].Close(1012, "service restart");
        await client.UntilAsync(s => s.RetryIn is not null);
        Assert.Equal((ConnectionPhase.Reconnecting, DisconnectReason.ServerRestart), (client.State.Phase, client.State.Reason!.Value));
        Assert.False(client.Roster.IsCurrent);
        Assert.Null(client.Status);
        await RetryUntilAsync(client, () => client.State.IsConnected);
        Assert.Equal(2, _tokens);
        Assert.True(_links[0].IsDisposed);
        Assert.Equal("one", client.Status);
        Assert.Null(client.State.Reason);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_silent_server_is_pinged_and_then_given_up()
    {
        await using var client = await ConnectAsync();
        await TickAsync(_links[0], Usual.PingInterval);
        await Until.TrueAsync(() => _links[0].HasSent("ping") && _links[0].IsHeard, "a ping and its answer");
        Assert.True(client.State.IsConnected);
        _links[0].IsSilent = true;
        await TickAsync(_links[0], Usual.PingInterval + Usual.PingTimeout);
        Assert.True(_links[0].IsDisposed, "C2: the silent server was not given up in time");
        await RetryUntilAsync(client, () => _links.Count > 1 && client.State.IsConnected);
        Assert.True(_links[0].IsDisposed);
        Assert.False(_links[0].SaidGoodbye);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_ping_of_the_server_is_answered_although_no_more_requests_may_be_sent()
    {
        await using var client = await ConnectAsync();
        _links[0].IsSilent = true;
        var sets = Enumerable.Range(0, 20).Select(i => client.SetStatusAsync($"{i}")).ToArray();
        await Until.TrueAsync(() => _links[0].HasSent("status_update"), "the requests");
        _links[0].Say("""{"ping":{}}""");
        await Until.TrueAsync(() => _links[0].HasSent("pong"), "the answer");
        Assert.All(sets, set => Assert.False(set.IsCompleted));
    }

    [Fact]
    public async Task A_request_that_is_not_answered_in_time_is_asked_again_on_another_link()
    {
        await using var client = await ConnectAsync();
        _links[0].IsSilent = true;
        var set = client.SetStatusAsync("one");
        await Until.TrueAsync(() => _links[0].HasSent("status_update"), "the request");
        for (var time = TimeSpan.Zero; time < Usual.RequestTimeout; time += Tick)
        {
            // It is alive, and does not answer.
            _links[0].Say("""{"status_presence_event":{}}""");
            await TickAsync(_links[0], Tick);
        }

        Assert.True(_links[0].IsDisposed, "a request without an answer was awaited for too long");
        await RetryUntilAsync(client, () => set.IsCompleted);
        await set;
        Assert.True(_links[^1].HasSent("status_update"));
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task Whoever_writes_on_a_link_that_was_closed_is_told_why_it_was()
    {
        await using var client = await ConnectAsync();
        _links[0].SayWhy(4001, "token expired");
        var set = client.SetStatusAsync("one");
        await client.UntilAsync(s => s.RetryIn is not null);
        Assert.Equal(DisconnectReason.TokenExpired, client.State.Reason);
        await RetryUntilAsync(client, () => set.IsCompleted);
        await set;
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task Two_tokens_that_are_refused_in_a_row_end_the_client()
    {
        await using var client = await ConnectAsync();
        _refusals.AddRange([new LinkRefusedException(true, "401"), new LinkRefusedException(true, "401")]);
        _links[0].Close(4002);
        await RetryUntilAsync(client, () => client.State.Phase == ConnectionPhase.Closed);
        Assert.Equal(3, _tokens);
        Assert.Equal(DisconnectReason.TokenRefused, (await Assert.ThrowsAsync<PresenceConnectionException>(() => client.Completion)).Reason);
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task The_first_token_may_be_refused_once()
    {
        _refusals.Add(new LinkRefusedException(true, "401"));
        await using var client = await ConnectAsync();
        Assert.Equal(2, _tokens);
        _refusals.AddRange([new LinkRefusedException(true, "401"), new LinkRefusedException(true, "401")]);
        Assert.Equal(DisconnectReason.TokenRefused, (await Assert.ThrowsAsync<PresenceConnectionException>(() => ConnectAsync())).Reason);
    }

    /// <summary>So that who keeps a token does not give the same again.</summary>
    [Theory]
    [InlineData(1012, false)]
    [InlineData(4001, true)]
    [InlineData(4002, true)]
    [Trait("Clause", "A1")]
    public async Task Who_gives_tokens_is_told_when_the_last_one_is_of_no_use_any_more(int closeCode, bool isSpent)
    {
        await using var client = await ConnectAsync();
        // The one that is given next is new; that the server cannot be reached then says nothing of it.
        _refusals.AddRange([new IOException("no route"), new LinkRefusedException(true, "401")]);
        _links[0].Close(closeCode);
        await RetryUntilAsync(client, () => _refusals.Count == 0 && client.State.IsConnected);
        Assert.Equal([false, isSpent, false, true], _contexts.Select(context => context.MustBeNew));
    }

    [Fact]
    public async Task Who_gives_tokens_and_failed_is_told_again()
    {
        var isBroken = false;
        await using var client = await PresenceClient.ConnectAsync(Options(
            _ => isBroken ? throw new InvalidOperationException("no login") : new ValueTask<string>("token"))).WaitAsync(Patience);
        isBroken = true;
        _links[0].Close(4001);
        await RetryUntilAsync(client, () => client.State.Reason == DisconnectReason.TokenUnavailable);
        isBroken = false;
        await RetryUntilAsync(client, () => client.State.IsConnected);
        Assert.All(_contexts.Skip(1), context => Assert.True(context.MustBeNew));
        Assert.True(_contexts.Count > 2);
    }

    [Fact]
    public async Task A_first_connection_that_fails_is_an_exception_at_once_and_a_later_one_is_not()
    {
        _refusals.Add(new IOException("no route"));
        var e = await Assert.ThrowsAsync<PresenceConnectionException>(() => ConnectAsync());
        Assert.Equal(DisconnectReason.Unavailable, e.Reason);
        _refusals.AddRange([new IOException("no route"), new IOException("no route"), new LinkRefusedException(false, "503")]);
        await using var client = PresenceClient.Start(Options());
        Assert.Equal(ConnectionPhase.Connecting, client.State.Phase);
        var set = client.SetStatusAsync("one");
        await RetryUntilAsync(client, () => set.IsCompleted);
        Assert.True(client.State.IsConnected);
        Assert.Empty(_refusals);
    }

    [Theory]
    [InlineData(4003, null, DisconnectReason.Replaced)]
    [InlineData(1000, """{"notifications":{"notifications":[{"subject":"single_socket","code":-7}]}}""", DisconnectReason.Replaced)]
    [InlineData(1000, """{"notifications":{"notifications":[{"subject":"banned","code":-8}]}}""", DisconnectReason.Banned)]
    [Trait("Clause", "C3")]
    public async Task Who_is_replaced_or_banned_does_not_come_back(int code, string? notice, DisconnectReason reason)
    {
        await using var client = await ConnectAsync();
        if (notice is not null)
            _links[0].Say(notice);
        _links[0].Close(code);
        await client.UntilAsync(s => s.Phase == ConnectionPhase.Closed);
        Assert.Equal(reason, client.State.Reason);
        Assert.Single(_links);
    }

    [Fact]
    public async Task What_the_token_provider_throws_is_told_and_tried_again()
    {
        var isBroken = false;
        await using var client = await PresenceClient.ConnectAsync(Options(
            _ => isBroken ? throw new InvalidOperationException("no login") : new ValueTask<string>("token"))).WaitAsync(Patience);
        isBroken = true;
        _links[0].Close(null);
        await RetryUntilAsync(client, () => client.State.Reason == DisconnectReason.TokenUnavailable);
        Assert.Equal("no login", client.State.Error!.InnerException!.Message);
        isBroken = false;
        await RetryUntilAsync(client, () => client.State.IsConnected);
    }

    [Fact]
    public async Task Disposing_says_goodbye_and_leaves_nothing_running()
    {
        var client = await ConnectAsync();
        await client.DisposeAsync();
        await client.DisposeAsync();
        Assert.True(_links[0].SaidGoodbye);
        Assert.True(_links[0].IsDisposed);
        await client.Completion;
        Assert.Equal(DisconnectReason.ClosedByCaller, client.State.Reason);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.EraseStatusAsync());
    }

    [Fact]
    public async Task Disposing_ends_a_wait_a_token_and_an_attempt()
    {
        // While it waits for the next attempt.
        var waiting = await ConnectAsync();
        _links[0].Close(null);
        await waiting.UntilAsync(s => s.RetryIn is not null);
        await waiting.DisposeAsync().AsTask().WaitAsync(Patience);
        // While a token is asked for, by somebody who does not look at the cancellation.
        var asking = PresenceClient.Start(Options(_ => new ValueTask<string>(new TaskCompletionSource<string>().Task)));
        await asking.DisposeAsync().AsTask().WaitAsync(Patience);
        // While a link is made.
        var connecting = PresenceClient.Start(Options(connector: async (_, _, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException();
        }));
        await connecting.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.All([waiting, asking, connecting], client => Assert.Equal(DisconnectReason.ClosedByCaller, client.State.Reason));
    }

    [Fact]
    public async Task Cancelling_the_first_connection_ends_the_client()
    {
        using var cancel = new CancellationTokenSource();
        var isOver = new TaskCompletionSource();
        var connecting = PresenceClient.ConnectAsync(
            Options(connector: async (_, _, stop) =>
            {
                await cancel.CancelAsync();
                try
                {
                    await Task.Delay(Timeout.Infinite, stop);
                    throw new InvalidOperationException();
                }
                finally
                {
                    isOver.SetResult();
                }
            }),
            cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.WaitAsync(Patience));
        Assert.True(isOver.Task.IsCompleted);
    }

    [Fact]
    public async Task A_connection_that_takes_too_long_is_given_up()
    {
        var connecting = PresenceClient.ConnectAsync(Options(connector: async (_, _, cancel) =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            throw new InvalidOperationException();
        }));
        await Until.TrueAsync(() => _clock.TryPass(Usual.ConnectTimeout), "the wait for a connection");
        var e = await Assert.ThrowsAsync<PresenceConnectionException>(() => connecting.WaitAsync(Patience));
        Assert.Equal(DisconnectReason.Unavailable, e.Reason);
    }

    [Fact]
    public async Task A_message_that_cannot_be_read_ends_the_link_and_not_the_client()
    {
        await using var client = await ConnectAsync();
        _links[0].Say("nonsense");
        await client.UntilAsync(s => s.Reason == DisconnectReason.ProtocolViolation);
        await RetryUntilAsync(client, () => client.State.IsConnected);
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_message_may_take_longer_than_a_server_may_be_silent()
    {
        await using var client = await ConnectAsync();
        _links[0].IsSilent = true;
        for (var i = 0; i < 48; i++)
        {
            _links[0].Dribble();
            await TickAsync(_links[0], Tick);
            Assert.True(client.State.IsConnected, $"given up after {i} parts of a message");
        }

        // Until nothing more of it comes.
        await TickAsync(_links[0], Usual.PingInterval + Usual.PingTimeout);
        Assert.True(_links[0].IsDisposed, "C2: the silent server was not given up in time");
        await RetryUntilAsync(client, () => _links.Count > 1);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task An_error_with_something_behind_it_is_not_why_a_link_ends()
    {
        await using var client = await ConnectAsync();
        _links[0].Say("""{"error":{"code":3,"message":"Something was wrong."}}""");
        _links[0].Say("""{"status_presence_event":{}}""");
        _links[0].Close(null);
        await client.UntilAsync(s => s.RetryIn is not null);
        Assert.Equal(DisconnectReason.Lost, client.State.Reason);
        Assert.DoesNotContain("Something", client.State.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_newer_token_is_presented_when_the_server_says_that_the_old_one_expires()
    {
        await using var client = await ConnectAsync();
        Assert.False(_links[0].HasSent("session_refresh"));
        _links[0].Say(ExpiringNotice);
        await Until.TrueAsync(() => _links[0].HasSent("session_refresh") && _links[0].IsHeard, "a newer token and its answer");
        Assert.Equal([false, true], _contexts.Select(context => context.MustBeNew));
        Assert.True(client.State.IsConnected);
        Assert.Single(_links);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Clause", "C4")]
    public async Task A_server_that_does_not_know_newer_tokens_is_asked_once(int code)
    {
        await using var client = await ConnectAsync();
        _links[0].IsSilent = true;
        _links[0].Say(ExpiringNotice);
        await Until.TrueAsync(() => _links[0].HasSent("session_refresh"), "a newer token");
        _links[0].Say($$$"""{"cid":"1","error":{"code":{{{code}}},"message":"What?"}}""");
        _links[0].IsSilent = false;
        _links[0].Say(ExpiringNotice);
        await client.SetStatusAsync("still here");
        Assert.Equal(2, _tokens);
        lock (_links[0].Sent)
            Assert.Single(_links[0].Sent, "session_refresh");
        // The server ends the link, and the client connects again.
        _links[0].Close(4001, "token expired");
        await RetryUntilAsync(client, () => _links.Count > 1 && client.State.IsConnected);
        Assert.Equal(3, _tokens);
    }

    /// <summary>Only a Presence server closes with 4001. Perhaps it gives no notice, or the token lives too short for one.</summary>
    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_server_that_has_closed_a_link_at_its_expiry_is_offered_a_newer_token_before_the_next_one()
    {
        var expiry = _clock.GetUtcNow().AddDays(1);
        var claims = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"exp":{{expiry.ToUnixTimeSeconds()}}}""")).TrimEnd('=');
        await using var client = await PresenceClient.ConnectAsync(Options(_ => new ValueTask<string>($"x.{claims}.x"))).WaitAsync(Patience);
        Assert.False(_clock.IsAwaited(TokenTimes.WaitOf(expiry, _clock.GetUtcNow())));
        _links[0].Close(4001, "token expired");
        await RetryUntilAsync(client, () => _links.Count > 1 && client.State.IsConnected);
        Assert.False(_links[1].HasSent("session_refresh"));
        await Until.TrueAsync(() => _clock.IsAwaited(TokenTimes.WaitOf(expiry, _clock.GetUtcNow())), "the wait for the time of a newer token");
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task A_newer_token_that_is_refused_ends_nothing_and_is_followed_by_another()
    {
        await using var client = await ConnectAsync();
        _links[0].IsSilent = true;
        _links[0].Say(ExpiringNotice);
        await Until.TrueAsync(() => _links[0].HasSent("session_refresh"), "a newer token");
        _links[0].Say("""{"cid":"1","error":{"code":3,"message":"Missing or invalid token."}}""");
        _links[0].IsSilent = false;
        await Until.TrueAsync(() => _clock.TryPass(TokenTimes.RetryTime), "a wait before another token");
        await Until.TrueAsync(() => Volatile.Read(ref _tokens) == 3, "another token");
        await client.SetStatusAsync("still here");
        Assert.Single(_links);
    }

    [Fact]
    public async Task Disposing_is_the_end_whatever_a_token_provider_throws_of_it()
    {
        var isAsked = new TaskCompletionSource();
        var client = PresenceClient.Start(Options(async cancel =>
        {
            isAsked.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            catch (OperationCanceledException e)
            {
                throw new IOException("cancelled", e);
            }

            return "";
        }));
        await isAsked.Task.WaitAsync(Patience);
        await client.DisposeAsync().AsTask().WaitAsync(Patience);
        await client.Completion;
        Assert.Equal(DisconnectReason.ClosedByCaller, client.State.Reason);
    }

    [Fact]
    public async Task A_client_takes_nothing_along_of_who_has_made_it()
    {
        var ambient = new AsyncLocal<string> { Value = "of the maker" };
        var seen = new List<string?>();
        await using var client = await PresenceClient.ConnectAsync(Options(_ =>
        {
            seen.Add(ambient.Value);
            return new ValueTask<string>("token");
        })).WaitAsync(Patience);
        Assert.Equal([null], seen);
        Assert.Equal("of the maker", ambient.Value);
    }

    private Task<PresenceClient> ConnectAsync() => PresenceClient.ConnectAsync(Options()).WaitAsync(Patience);

    private PresenceClientOptions Options(
        Func<CancellationToken, ValueTask<string>>? token = null, Func<string, bool, CancellationToken, Task<Link>>? connector = null) => new()
        {
            Server = new Uri("ws://nowhere"),
            TokenProvider = (context, cancel) =>
            {
                _contexts.Add(context);
                return token?.Invoke(cancel) ?? new ValueTask<string>($"token {Interlocked.Increment(ref _tokens)}");
            },
            TimeProvider = _clock,
            Connector = connector ?? Connect,
        };

    private Task<Link> Connect(string token, bool beginsOnline, CancellationToken cancel)
    {
        if (_refusals.Count > 0)
        {
            var refusal = _refusals[0];
            _refusals.RemoveAt(0);
            return Task.FromException<Link>(refusal);
        }

        var link = new FakeLink();
        _links.Add(link);
        return Task.FromResult<Link>(link);
    }

    /// <summary>Waits until something is so, while every wait of the client for its next attempt passes at once.</summary>
    private Task RetryUntilAsync(PresenceClient client, Func<bool> condition) => Until.TrueAsync(
        () =>
        {
            if (client.State.RetryIn is { } wait)
                _clock.TryPass(wait);
            return condition();
        },
        "what a client makes of another attempt",
        Patience,
        () => $"{client.State}");

    /// <summary>
    /// Lets this much time pass while a client looks after its link: each time that it looks, it comes to its verdict before time goes on. Ends early
    /// when the link is given up.
    /// </summary>
    private async Task TickAsync(FakeLink link, TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += Tick)
        {
            await Until.TrueAsync(() => link.IsDisposed || _clock.IsAwaited(Tick), "the client to look after its link", Patience);
            if (link.IsDisposed)
                return;
            _clock.TryPass(Tick);
        }

        await Until.TrueAsync(() => link.IsDisposed || _clock.IsAwaited(Tick), "the client's verdict", Patience);
    }
}
