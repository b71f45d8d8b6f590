using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Tests.Node;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Connections;

/// <summary>A connection whose client presents tokens (contract C4). A token of these specs is the key of what it says.</summary>
[Trait("Clause", "C4")]
public sealed class ConnectionRefreshSpecs : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TokenCheck>> _checks = new();
    private readonly ConcurrentDictionary<string, bool> _revoked = new();
    private readonly Meter _meter = new(Refusals.MeterName);
    private readonly UserId _alice = new(Guid.NewGuid());
    private InMemoryNode _node = null!;

    public Task InitializeAsync() => StartAsync(TimeSpan.Zero);

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        _meter.Dispose();
    }

    [Fact]
    public async Task A_newer_token_is_answered_with_its_expiry_and_nobody_hears_of_it()
    {
        var (alice, bob) = (Connect(), _node.Connect(new UserId(Guid.NewGuid()), "bob"));
        await alice.SetAsync("here");
        await bob.FollowAsync(_alice);
        await alice.ChangeAsync(_alice);
        var expiry = DateTimeOffset.UtcNow.AddDays(2);
        await alice.TellAsync(new ClientRequest.RefreshSession("r", Valid("new", expiry)));
        Assert.Equal(new ServerMessage.SessionRefreshed("r", expiry), await alice.NextAsync());
        await alice.NothingMoreAsync();
        await bob.NothingMoreAsync();
        await alice.SetAsync("still here");
        Assert.Equal("here", (await bob.ChangeAsync(_alice)).Old!.Status);
    }

    [Fact]
    public async Task What_is_refused_is_answered_with_its_cid_and_the_connection_goes_on()
    {
        var alice = Connect();
        await alice.TellAsync(new ClientRequest.RefreshSession("1", "unknown"));
        await alice.TellAsync(new ClientRequest.RefreshSession("2", Valid("other", user: new UserId(Guid.NewGuid()))));
        await alice.TellAsync(new ClientRequest.RefreshSession("3", Valid("renamed", username: "Alice")));
        await alice.TellAsync(new ClientRequest.RefreshSession("4", Fault("broken")));
        Assert.Equal(new ServerMessage.Failed("1", ErrorCode.BadInput, "Missing or invalid token."), await alice.NextAsync());
        Assert.Equal(new ServerMessage.Failed("2", ErrorCode.BadInput, RefreshRules.OtherUser), await alice.NextAsync());
        Assert.Equal(new ServerMessage.Failed("3", ErrorCode.BadInput, RefreshRules.OtherUsername), await alice.NextAsync());
        Assert.Equal(("4", ErrorCode.RuntimeException), await alice.NextAsync<ServerMessage.Failed>() is var failed ? (failed.Cid, failed.Code) : default);
        await alice.NothingMoreAsync();
    }

    [Fact]
    public async Task While_the_issuer_is_asked_the_requests_behind_wait_for_their_turn()
    {
        var alice = Connect();
        var check = _checks["slow"] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await alice.TellAsync(new ClientRequest.RefreshSession("1", "slow"));
        await alice.TellAsync(new ClientRequest.Ping("2"));
        var expiry = DateTimeOffset.UtcNow.AddDays(1);
        check.SetResult(new TokenCheck.Valid(Identity("slow", expiry)));
        Assert.Equal(new ServerMessage.SessionRefreshed("1", expiry), await alice.NextAsync());
        Assert.Equal(new ServerMessage.Pong("2"), await alice.NextAsync());
    }

    [Fact]
    public async Task A_client_that_leaves_while_its_issuer_is_asked_is_gone()
    {
        var alice = Connect();
        var check = _checks["slow"] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await alice.TellAsync(new ClientRequest.RefreshSession("1", "slow"));
        var connection = await alice.Link.Connection;
        await alice.DisconnectAsync();
        check.SetResult(new TokenCheck.Valid(Identity("slow", DateTimeOffset.MaxValue)));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await connection.Ask<ActorIdentity>(new Identify(null), patience.Token)).Subject is not null)
            await Task.Yield();
    }

    [Fact]
    public async Task A_token_that_is_revoked_while_it_is_taken_ends_the_connection()
    {
        var alice = Connect();
        _revoked["new"] = true;
        await alice.TellAsync(new ClientRequest.RefreshSession("1", Valid("new")));
        Assert.Equal(CloseReason.Revoked, await alice.Link.Closed.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task A_refresh_is_answered_with_an_error_when_the_registry_has_failed_and_the_connection_goes_on()
    {
        var alice = Connect();
        await alice.SetAsync("here");
        await alice.ChangeAsync(_alice);
        var registry = _node.System.ActorSelection("/user/sessions");
        // It fails by this, and knows of no connection when it is started again.
        registry.Tell(new SessionRegistry.Renew(null!), await alice.Link.Connection);
        await alice.TellAsync(new ClientRequest.RefreshSession("1", Valid("new")));
        await alice.TellAsync(new ClientRequest.Ping("2"));
        Assert.Equal(new ServerMessage.Failed("1", ErrorCode.RuntimeException, RefreshRules.Unavailable), await alice.NextAsync());
        Assert.Equal(new ServerMessage.Pong("2"), await alice.NextAsync());
    }

    [Fact]
    [Trait("Clause", "L4")]
    public async Task Refreshes_that_come_too_often_are_refused_and_counted_and_cost_no_check()
    {
        using var counts = RefusalCounts.Of(_meter);
        await _node.DisposeAsync();
        await StartAsync(TimeSpan.FromHours(1));
        var alice = Connect();
        await alice.TellAsync(new ClientRequest.RefreshSession("1", "unknown"));
        await alice.TellAsync(new ClientRequest.RefreshSession("2", Valid("new")));
        Assert.Equal("1", (await alice.NextAsync<ServerMessage.Failed>()).Cid);
        Assert.Equal(
            new ServerMessage.Failed("2", ErrorCode.BadInput, "A session may be refreshed every 3600 s."), await alice.NextAsync());
        Assert.Equal(1, counts["session_refreshes"]);
        await alice.NothingMoreAsync();
    }

    private TestClient Connect() => _node.Connect(_alice, "alice");

    private Identity Identity(string id, DateTimeOffset? expiry = null, UserId? user = null, string username = "alice") =>
        new(user ?? _alice, username, id, DateTimeOffset.UtcNow, expiry ?? DateTimeOffset.UtcNow.AddDays(1));

    private string Valid(string id, DateTimeOffset? expiry = null, UserId? user = null, string username = "alice")
    {
        var check = _checks[id] = new();
        check.SetResult(new TokenCheck.Valid(Identity(id, expiry, user, username)));
        return id;
    }

    private string Fault(string id)
    {
        (_checks[id] = new()).SetException(new InvalidOperationException());
        return id;
    }

    private Task StartAsync(TimeSpan interval)
    {
        _node = new InMemoryNode(new PresenceNode
        {
            Loops = SpecLoops.All,
            Connections = ConnectionSettings.Default with
            {
                CheckToken = token => _checks.TryGetValue(token, out var check) ? new(check.Task) : ValueTask.FromResult(TokenCheck.Invalid),
                IsRevoked = identity => _revoked.ContainsKey(identity.TokenId!),
                RefreshInterval = interval,
            },
            Refusals = new Refusals(_meter),
        });
        return _node.StartAsync();
    }
}
