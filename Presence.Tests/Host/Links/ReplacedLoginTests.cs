using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Connections;
using Presence.Actors.Limits;
using Presence.Actors.Telemetry;
using Presence.Client;
using Presence.Tests.Client;
using Presence.Tests.Semantics.Clients;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>
/// A server where a new connection of a user replaces the old one, and clients that connect again at once when they are replaced. The waits
/// run by a clock of the test.
/// </summary>
[Trait("Clause", "C3")]
[Trait("Clause", "L4")]
public sealed class ReplacedLoginTests(ReplacedLoginTests.Server server) : IClassFixture<ReplacedLoginTests.Server>
{
    // Far above what is allowed: a server without waits reaches it in less than a second.
    private const int TooMany = 300;

    private const string SingleSocket = "--Presence:Session:SingleSocket=true";

    /// <summary>How the two clients of a user get their tokens.</summary>
    public enum TokenUse
    {
        OfTheirOwn,
        Shared,
        NewEachTime,
    }

    [Theory]
    [InlineData(LinkKind.WebSocketJson, TokenUse.OfTheirOwn)]
    [InlineData(LinkKind.WebSocketJson, TokenUse.Shared)]
    [InlineData(LinkKind.WebSocketJson, TokenUse.NewEachTime)]
    [InlineData(LinkKind.TcpJson, TokenUse.OfTheirOwn)]
    [InlineData(LinkKind.TcpJson, TokenUse.Shared)]
    [InlineData(LinkKind.TcpJson, TokenUse.NewEachTime)]
    public Task Two_clients_that_replace_each_other_connect_a_few_times_a_minute(LinkKind kind, TokenUse tokens) =>
        ReplaceEachOtherAsync(server, server.Clock, kind, tokens);

    [Fact]
    public async Task It_is_the_same_over_TLS()
    {
        await using var secure = new ServerOverTls();
        await secure.InitializeAsync();
        await ReplaceEachOtherAsync(secure, secure.Clock, LinkKind.TcpJson, TokenUse.Shared);
    }

    [Fact]
    public async Task A_user_who_switches_devices_is_not_refused()
    {
        var user = Peers.NewUser();
        var (phone, computer) = (Peers.IdentityOf(user, "alice"), Peers.IdentityOf(user, "alice"));
        await ReplaceInTurnAsync(server, phone, computer, phone, computer);
    }

    [Fact]
    public async Task Without_a_longest_wait_no_login_is_refused()
    {
        await using var lenient = new ServerWithoutWait();
        await lenient.InitializeAsync();
        await ReplaceInTurnAsync(lenient, [.. Enumerable.Repeat(Peers.IdentityOf(Peers.NewUser(), "alice"), 20)]);
    }

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    public async Task The_client_library_waits_as_long_as_the_server_asks(ClientKind kind)
    {
        var identity = Peers.IdentityOf(Peers.NewUser(), "alice");
        for (var i = 0; i < 5; i++)
            server.Services.GetRequiredService<ReplacedLogins>().Note(identity);

        await using var client = PresenceClient.Start(Clients.OptionsOf(server, kind, _ => new ValueTask<string>(Tokens.Sign(identity))));
        await client.UntilAsync(state => state.RetryIn is not null);
        Assert.Equal((DisconnectReason.Unavailable, TimeSpan.FromSeconds(8)), (client.State.Reason!.Value, client.State.RetryIn!.Value));
    }

    private static ReplacedLogins NewLogins(TimeProvider clock) => new(TimeSpan.FromSeconds(15), capacity: 1000, clock);

    /// <summary>Connects these logins of one user, each as soon as the one before is there.</summary>
    private static async Task ReplaceInTurnAsync(ServerFixture server, params Identity[] identities)
    {
        Peer? before = null;
        foreach (var identity in identities)
        {
            var next = await server.ConnectAsync(LinkKind.WebSocketJson, identity);
            if (before is not null)
            {
                await before.UntilClosedAsync();
                await before.DisposeAsync();
            }

            before = next;
        }

        await before!.PingAsync();
        await before.DisposeAsync();
    }

    private static async Task ReplaceEachOtherAsync(ServerFixture server, FakeTimeProvider clock, LinkKind kind, TokenUse tokens)
    {
        using var counts = RefusalCounts.Of(server.Services.GetRequiredService<IMeterFactory>().Create(Refusals.MeterName));
        await using var other = await server.ConnectAsync(kind, Peers.NewUser(), "other");
        var storm = new Storm(server, kind, clock);
        var user = Peers.NewUser();
        var identity = Peers.IdentityOf(user, "alice");
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => storm.RunAsync(tokens switch
        {
            TokenUse.Shared => () => identity,
            TokenUse.NewEachTime => () => Peers.IdentityOf(user, "alice"),
            _ => Own(),
        })));

        Assert.InRange(storm.Connects.Count(time => time < TimeSpan.FromMinutes(1)), 4, 17);
        Assert.InRange(storm.Connects.Count(time => time >= TimeSpan.FromMinutes(1)), 2, 6);
        Assert.All(storm.Waits, seconds => Assert.InRange(seconds, 1, 15));
        Assert.Contains(15, storm.Waits);
        Assert.Equal(storm.Waits.Count, counts["replaced_logins"]);
        await other.PingAsync();
        await using var newcomer = await server.ConnectAsync(kind, Peers.NewUser(), "newcomer");
        await newcomer.PingAsync();

        Func<Identity> Own()
        {
            var own = Peers.IdentityOf(user, "alice");
            return () => own;
        }
    }

    /// <summary>
    /// Clients that connect whenever they are not connected, for two minutes of the test's clock. One that is refused moves the clock by the
    /// time that it is asked to wait.
    /// </summary>
    private sealed class Storm(ServerFixture server, LinkKind kind, FakeTimeProvider clock)
    {
        private readonly long _start = clock.GetTimestamp();
        private readonly Lock _lock = new();
        private readonly TaskCompletionSource _tooMany = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>When each connection was made.</summary>
        public List<TimeSpan> Connects { get; } = [];

        /// <summary>The seconds that each refusal asked to wait.</summary>
        public List<int> Waits { get; } = [];

        private TimeSpan Elapsed => clock.GetElapsedTime(_start);

        public async Task RunAsync(Func<Identity> identity)
        {
            while (true)
            {
                await using var client = await (kind == LinkKind.TcpJson ? RawClient.ConnectAsync(server.Tcp) : RawClient.ConnectAsync(server.Http));
                var token = Tokens.Sign(identity());
                if (await (kind == LinkKind.TcpJson ? HelloAsync(client, token) : UpgradeAsync(client, token)) is { } wait)
                {
                    lock (_lock)
                        Waits.Add(wait);
                    clock.Advance(TimeSpan.FromSeconds(wait));
                    continue;
                }

                lock (_lock)
                    Connects.Add(Elapsed);
                // The other client is replaced by this one, and ends as well.
                if (IsOver())
                    return;
                var replaced = ReadUntilReplacedAsync(client);
                await Task.WhenAny(replaced, _tooMany.Task);
                if (IsOver())
                    return;
                await replaced;
            }
        }

        private bool IsOver()
        {
            lock (_lock)
            {
                if (Connects.Count >= TooMany)
                    _tooMany.TrySetResult();
            }

            return _tooMany.Task.IsCompleted || Elapsed >= TimeSpan.FromMinutes(2);
        }

        /// <summary>Null: it is connected.</summary>
        private static async Task<int?> UpgradeAsync(RawClient client, string token)
        {
            await client.SendAsync(RawClient.UpgradeRequest($"/ws?token={token}"));
            var answer = await client.ReadHeadAsync();
            if (answer.Status == 101)
                return null;
            Assert.Equal((429, "Replaced too often by newer connections\n"), (answer.Status, answer.Body));
            return int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture);
        }

        /// <summary>Null: it is connected.</summary>
        private static async Task<int?> HelloAsync(RawClient client, string token)
        {
            await client.SendAsync($$$"""{"hello":{"token":"{{{token}}}"}}""" + "\n");
            var answer = (await client.ReadJsonLineAsync())!.Value;
            if (!answer.TryGetProperty("error", out var error))
                return null;
            Assert.Equal(3, error.GetProperty("code").GetInt32());
            var wait = Regex.Match(error.GetProperty("message").GetString()!, @"^Replaced too often by newer connections; try again in ([0-9]+) s\.$");
            Assert.True(wait.Success, $"It is told '{error}'.");
            client.HalfClose();
            await client.ExpectEndAsync();
            return int.Parse(wait.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        }

        private async Task ReadUntilReplacedAsync(RawClient client)
        {
            if (kind == LinkKind.TcpJson)
            {
                var hasError = false;
                while (!hasError)
                    hasError = (await client.ReadJsonLineAsync())!.Value.TryGetProperty("error", out _);
                return;
            }

            ServerFrame? frame;
            do
            {
                frame = await client.ReadFrameAsync();
            }
            while (frame is { CloseCode: not 4003 } or { Opcode: not 8 });
        }
    }

    public sealed class Server : ServerFixture
    {
        public FakeTimeProvider Clock { get; } = new();

        protected override IEnumerable<string> Settings => [SingleSocket];

        protected override void Adapt(IServiceCollection services) => services.AddSingleton(NewLogins(Clock));
    }

    private sealed class ServerOverTls : TlsServer
    {
        public FakeTimeProvider Clock { get; } = new();

        protected override IEnumerable<string> Settings => [.. base.Settings, SingleSocket];

        protected override void Adapt(IServiceCollection services) => services.AddSingleton(NewLogins(Clock));
    }

    private sealed class ServerWithoutWait : ServerFixture
    {
        protected override IEnumerable<string> Settings => [SingleSocket, "--Presence:Limits:ReplacedLoginWait=00:00:00"];
    }
}
