using System.Net;
using Nakama;
using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>The HTTP half of the .NET SDK: sessions and accounts.</summary>
public sealed class DotnetAccountTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    // gRPC's numbers, which the SDK hands on to applications.
    private const int InvalidArgument = 3;
    private const int NotFound = 5;
    private const int AlreadyExists = 6;
    private const int Unauthenticated = 16;

    private readonly Nakama.Client _client = Player.ClientOf(server.Http);

    [Theory]
    [InlineData("device")]
    [InlineData("custom")]
    [Trait("Clause", "A3")]
    public async Task The_same_id_is_the_same_user_who_is_created_once(string kind)
    {
        var id = NewId();
        var username = NewName();
        var vars = new Dictionary<string, string> { ["platform"] = "Linux „x“", ["build"] = "7" };

        var first = await AuthenticateAsync(id, username, vars);
        Assert.True(first.Created);
        Assert.Equal(username, first.Username);
        Assert.True(Guid.TryParse(first.UserId, out _));
        Assert.Equal(vars, first.Vars);
        Assert.False(first.IsExpired);
        Assert.False(first.IsRefreshExpired);

        var second = await AuthenticateAsync(id, null, null);
        Assert.False(second.Created);
        Assert.Equal((first.UserId, username), (second.UserId, second.Username));

        Task<ISession> AuthenticateAsync(string id, string? username, Dictionary<string, string>? vars) => kind == "device"
            ? _client.AuthenticateDeviceAsync(id, username, create: true, vars)
            : _client.AuthenticateCustomAsync(id, username, create: true, vars);
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task Who_brings_no_name_gets_one()
    {
        var session = await _client.AuthenticateDeviceAsync(NewId());
        Assert.NotEmpty(session.Username);
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task A_refreshed_session_is_the_same_user_with_the_same_vars()
    {
        var vars = new Dictionary<string, string> { ["k"] = "v" };
        var session = await _client.AuthenticateCustomAsync(NewId(), NewName(), create: true, vars);
        var (userId, username) = (session.UserId, session.Username);

        var refreshed = await _client.SessionRefreshAsync(session);

        Assert.Equal((userId, username), (refreshed.UserId, refreshed.Username));
        Assert.Equal(vars, refreshed.Vars);
        Assert.Equal(userId, (await _client.GetAccountAsync(refreshed)).User.Id);
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task A_refresh_may_bring_new_vars()
    {
        var session = await _client.AuthenticateCustomAsync(
            NewId(), NewName(), create: true, new Dictionary<string, string> { ["k"] = "v" });
        var vars = new Dictionary<string, string> { ["k"] = "w" };
        Assert.Equal(vars, (await _client.SessionRefreshAsync(session, vars)).Vars);
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task After_a_logout_the_token_opens_nothing()
    {
        var session = await _client.AuthenticateCustomAsync(NewId());
        await _client.SessionLogoutAsync(session);

        await RefusedAsync(HttpStatusCode.Unauthorized, Unauthenticated, client => client.GetAccountAsync(session));
        await RefusedAsync(HttpStatusCode.Unauthorized, Unauthenticated, client => client.SessionRefreshAsync(session));
        await Assert.ThrowsAnyAsync<Exception>(() => Player.ConnectAsync(server.Http, session));
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_logout_ends_the_connections_of_the_token_and_no_others()
    {
        var id = NewId();
        await using var phone = await Player.ConnectAsync(server.Http, await _client.AuthenticateCustomAsync(id));
        await using var desktop = await Player.ConnectAsync(server.Http, await _client.AuthenticateCustomAsync(id));

        await _client.SessionLogoutAsync(phone.Session);

        await phone.Closed;
        await desktop.UpdateAsync("still here");
        Assert.True(desktop.Socket.IsConnected);
    }

    [Fact]
    [Trait("Clause", "A1")]
    public async Task A_token_that_was_tampered_with_opens_nothing()
    {
        var session = await _client.AuthenticateCustomAsync(NewId());
        var parts = session.AuthToken.Split('.');
        var signature = parts[2].ToCharArray();
        signature[0] = signature[0] == 'A' ? 'B' : 'A';
        var forged = Session.Restore($"{parts[0]}.{parts[1]}.{new string(signature)}", session.RefreshToken);

        await RefusedAsync(HttpStatusCode.Unauthorized, Unauthenticated, client => client.GetAccountAsync(forged));
        await Assert.ThrowsAnyAsync<Exception>(() => Player.ConnectAsync(server.Http, forged));
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task The_account_tells_who_one_is()
    {
        var (device, custom) = (NewId(), NewId());
        var username = NewName();

        var byDevice = await _client.AuthenticateDeviceAsync(device, username);
        var account = await _client.GetAccountAsync(byDevice);
        Assert.Equal((byDevice.UserId, username), (account.User.Id, account.User.Username));
        Assert.Equal(device, Assert.Single(account.Devices).Id);

        var byCustom = await _client.AuthenticateCustomAsync(custom);
        Assert.Equal(custom, (await _client.GetAccountAsync(byCustom)).CustomId);
    }

    [Fact]
    [Trait("Clause", "S1")]
    public async Task A_user_is_online_while_a_status_is_visible()
    {
        await using var visible = await Player.ConnectAsync(server.Http);
        await using var hidden = await Player.ConnectAsync(server.Http);
        await visible.UpdateAsync("");

        await OnlineAsync([visible.UserId, hidden.UserId], [visible.UserId]);
        await hidden.UpdateAsync("here");
        await visible.EraseAsync();
        await OnlineAsync([visible.UserId, hidden.UserId], [hidden.UserId]);

        async Task OnlineAsync(string[] users, string[] online)
        {
            var found = await _client.GetUsersAsync(visible.Session, users);
            Assert.Equal(online, found.Users.Where(user => user.Online).Select(user => user.Id));
            Assert.Equal(users.Order(StringComparer.Ordinal), found.Users.Select(user => user.Id).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task Users_are_found_by_name()
    {
        await using var alice = await Player.ConnectAsync(server.Http, username: NewName());
        await alice.UpdateAsync("here");
        var found = await _client.GetUsersAsync(alice.Session, [], [alice.Username, NewName()]);
        var user = Assert.Single(found.Users);
        Assert.Equal((alice.UserId, alice.Username, true), (user.Id, user.Username, user.Online));
    }

    [Fact]
    [Trait("Clause", "A5")]
    public Task A_wrong_server_key_is_refused() => RefusedAsync(
        HttpStatusCode.Unauthorized, Unauthenticated, client => client.AuthenticateCustomAsync(NewId()), serverKey: "notthekey");

    [Fact]
    [Trait("Clause", "A3")]
    public async Task A_request_that_cannot_be_granted_is_refused_at_once_with_its_code()
    {
        var username = NewName();
        var session = await _client.AuthenticateCustomAsync(NewId(), username);

        await RefusedAsync(HttpStatusCode.BadRequest, InvalidArgument, client => client.AuthenticateCustomAsync("short"));
        await RefusedAsync(HttpStatusCode.NotFound, NotFound, client => client.AuthenticateCustomAsync(NewId(), create: false));
        await RefusedAsync(HttpStatusCode.Conflict, AlreadyExists, client => client.AuthenticateCustomAsync(NewId(), username));
        await RefusedAsync(HttpStatusCode.BadRequest, InvalidArgument, client => client.GetUsersAsync(session, ["nobody"]));
    }

    /// <summary>Checks the error that an application gets, and that the SDK saw no reason to try again.</summary>
    private async Task RefusedAsync(
        HttpStatusCode status, int grpcStatus, Func<Nakama.Client, Task> request, string serverKey = "defaultkey")
    {
        var retries = 0;
        var client = Player.ClientOf(server.Http, serverKey);
        client.GlobalRetryConfiguration = new RetryConfiguration(baseDelayMs: 1, maxRetries: 4, (_, _) => retries++);

        var refusal = await Assert.ThrowsAsync<ApiResponseException>(() => request(client));

        Assert.Equal((long)status, refusal.StatusCode);
        Assert.Equal(grpcStatus, refusal.GrpcStatusCode);
        Assert.NotEmpty(refusal.Message);
        Assert.Equal(0, retries);
    }

    private static string NewId() => $"{Guid.NewGuid()}";

    private static string NewName() => $"name-{Guid.NewGuid():N}";
}
