using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Rehearsing;
using Presence.Host.Links.Upgrade;
using Presence.Tests.Client.Faults;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What a node does before it lets anybody in.</summary>
public sealed class RehearsalTests(RehearsalTests.Server server) : IClassFixture<RehearsalTests.Server>
{
    private const string Word = "word";

    [Fact]
    public async Task All_its_clients_are_served_to_the_end_and_leave_nothing_behind()
    {
        Assert.Equal(5 * Rehearsal.Rounds, server.Services.GetRequiredService<Rehearsal>().Ended);
        await Until.TrueAsync(() => server.Services.GetRequiredService<LinkSet>().IsEmpty, "the last link to go");
    }

    [Fact]
    [Trait("Clause", "C1")]
    public async Task One_that_fails_is_told_of_keeps_nobody_out_and_leaves_no_port_open()
    {
        var log = new Log();
        var front = new BrokenFront();
        var rehearsal = new Rehearsal(
            server.Services.GetRequiredService<LoopSet>(),
            front,
            server.Services.GetRequiredService<TokenValidator>(),
            Options.Create(new PresenceOptions { Links = new() { Rehearsal = 2 } }),
            TimeProvider.System,
            log);

        await rehearsal.StartAsync(CancellationToken.None);

        Assert.Contains(log.Told, told => told.Level == LogLevel.Warning && told.Text.Contains("rehearsal", StringComparison.Ordinal));
        Assert.Equal(0, rehearsal.Ended);
        using var late = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(front.Port!));
    }

    [Theory]
    [InlineData("word.0", true)]
    [InlineData("word.1", false)]
    [InlineData("word.-1", false)]
    [InlineData("word.", false)]
    [InlineData("word", false)]
    [InlineData("another.0", false)]
    [InlineData("", false)]
    [Trait("Clause", "A1")]
    public async Task Only_who_knows_the_word_is_let_in(string token, bool isLetIn)
    {
        var request = new UpgradeRequest { Token = token, Connection = "Upgrade", Upgrade = "websocket", Version = "13", Key = "dGhlIHNhbXBsZSBub25jZQ==" };

        var accepted = await new Stage(new NoFront(), Word, [new UserId(Guid.NewGuid())]).DecideAsync(request);

        Assert.Equal(isLetIn, accepted is not null);
    }

    /// <summary>A server that rehearses with a few, who take no places of those that come.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Links:Rehearsal=5", "--Presence:Limits:Connections=1"];
    }

    /// <summary>Cannot make a link of anything.</summary>
    private sealed class BrokenFront : ILinkFront
    {
        private volatile IPEndPoint? _port;

        public IPEndPoint? Port => _port;

        public ValueTask<UpgradeOutcome.Upgraded?> DecideAsync(UpgradeRequest request) => throw new NotSupportedException();

        public void Begin(LoopSocket socket, UpgradeOutcome.Upgraded upgraded)
        {
            _port = socket.LocalEndPoint;
            throw new InvalidOperationException();
        }

        public void BeginPlain(LoopSocket socket) => throw new NotSupportedException();
    }

    /// <summary>Keeps what is told.</summary>
    private sealed class Log : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Told { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Told.Enqueue((logLevel, formatter(state, exception)));

        public void Dispose()
        {
        }
    }

    private sealed class NoFront : ILinkFront
    {
        public ValueTask<UpgradeOutcome.Upgraded?> DecideAsync(UpgradeRequest request) => throw new NotSupportedException();

        public void Begin(LoopSocket socket, UpgradeOutcome.Upgraded upgraded) => throw new NotSupportedException();

        public void BeginPlain(LoopSocket socket) => throw new NotSupportedException();
    }
}
