using System.Globalization;
using Google.Protobuf;
using Presence.Bench;
using Presence.Bench.Abuse;
using Presence.Bench.Abuse.Scenarios;
using Presence.Bench.Wire;
using Presence.Tests.Bench.Runs;
using Presence.Tests.Host.Links.Loops;
using Xunit;
using NodeProcess = Presence.Tests.Host.Node.NodeProcess;

namespace Presence.Tests.Bench.Abuse;

/// <summary>Each abuse runs at a small size against a server, and a server that is at fault is noticed.</summary>
public sealed class AbuseRunTests(AbuseRunTests.Server server) : IClassFixture<AbuseRunTests.Server>
{
    public static TheoryData<string> Names => [.. AbuseCatalog.All.Where(a => !a.NeedsTls).Select(a => a.Name)];

    /// <summary>
    /// Small sizes show that the abuse does what it says and that pairs and reports work; how long a pair waits is measured with the
    /// tool and is no matter of a test.
    /// </summary>
    [SkippableTheory]
    [MemberData(nameof(Names))]
    [Trait("Clause", "L2")]
    public async Task Beside_each_abuse_the_pairs_lose_nothing(string name)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "reads /proc");
        var node = await server.StartedAsync();

        var report = await RunAsync(AbuseCatalog.Named(name), await node.TargetAsync(), clients: 3, process: node.Process.Id);

        Assert.Empty(report.AbuserFaults);
        Assert.Equal([LinkKind.WebSocket, LinkKind.Tcp], report.Pairs.Select(p => p.Link));
        Assert.All(report.Pairs, pair =>
        {
            Assert.Equal((0L, 0L, 0L), (pair.Lost, pair.Duplicated, pair.ChainBreaks));
            Assert.Null(pair.Cut);
            Assert.Null(pair.Refused);
            Assert.NotEqual(0, pair.Received);
            Assert.Equal(pair.Updates, pair.Acknowledged);
            Assert.Equal(pair.Updates, pair.Received + pair.Merged);
        });
        Assert.Equal(ExitCode.Clean, report.Outcome);
        Assert.True(name == "calm" || !report.Done.IsEmpty || !report.Answers.IsEmpty, "The clients have done nothing.");
        Assert.NotNull(report.Process);
        Assert.Null(report.Process.EndedAt);
        Assert.NotEqual(0, report.Process.Peak.ResidentMib);
        Assert.Contains($"| {name} |", AbuseTable.Markdown([report]), StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_server_without_a_flaw_is_clean()
    {
        var report = await AgainstAsync(Flaw.None);

        Assert.Equal(ExitCode.Clean, report.Outcome);
        Assert.NotEqual(0, Assert.Single(report.Pairs).Received);
        Assert.Null(report.Process);
    }

    [LinuxFact]
    public async Task Several_pairs_are_reported_together()
    {
        var node = await server.StartedAsync();

        var report = await RunAsync(new Calm(), await node.TargetAsync(), clients: 1, process: null, pairs: 3);

        Assert.Equal([3, 3], report.Pairs.Select(p => p.Pairs));
        Assert.All(report.Pairs, p => Assert.Equal((0L, 0L, p.Updates), (p.Lost, p.Duplicated, p.Received + p.Merged)));
        Assert.Equal(ExitCode.Clean, report.Outcome);
    }

    [LinuxFact]
    public async Task What_the_follower_is_not_told_is_lost()
    {
        var report = await AgainstAsync(Flaw.Forgets);

        var pair = Assert.Single(report.Pairs);
        Assert.Equal((ExitCode.Faulty, 0L), (report.Outcome, pair.Received));
        Assert.Equal(pair.Acknowledged, pair.Lost);
        Assert.NotEqual(0, pair.Lost);
    }

    [LinuxFact]
    [Trait("Clause", "E2")]
    public async Task What_is_told_twice_is_repeated_and_breaks_the_chain()
    {
        var report = await AgainstAsync(Flaw.Repeats);

        var pair = Assert.Single(report.Pairs);
        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.NotEqual(0, pair.Duplicated);
        Assert.NotEqual(0, pair.ChainBreaks);
    }

    [LinuxFact]
    public async Task A_cut_of_the_pair_is_told_with_its_reason()
    {
        var report = await AgainstAsync(Flaw.CutsOff);

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.Contains("4001 bye", Assert.Single(report.Pairs).Cut, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_refusal_of_an_update_of_the_pair_is_a_fault()
    {
        var report = await AgainstAsync(Flaw.Refuses);

        Assert.Equal(ExitCode.Faulty, report.Outcome);
        Assert.Contains("No.", Assert.Single(report.Pairs).Refused, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_server_that_lets_nobody_in_is_not_measured() =>
        Assert.Contains("401", (await Assert.ThrowsAsync<UnreachableException>(() => AgainstAsync(Flaw.Locked))).Message, StringComparison.Ordinal);

    [LinuxFact]
    public async Task What_needs_TLS_says_so() =>
        await Assert.ThrowsAsync<UsageException>(async () => await RunAsync(AbuseCatalog.Named("idle-tls"), await AbuseTarget.ParseAsync("ws://127.0.0.1:1", "none"), 1, null));

    [Fact]
    public async Task Addresses_are_read_or_refused()
    {
        var target = await AbuseTarget.ParseAsync("wss://127.0.0.1:9", "tls://127.0.0.1:10");
        Assert.Equal(("/ws", 9, 10, true, true), (target.Server.AbsolutePath, target.Http.Port, target.Tcp!.Port, target.IsHttpTls, target.IsTcpTls));
        Assert.Null((await AbuseTarget.ParseAsync("ws://127.0.0.1:9", "none")).Tcp);
        await Assert.ThrowsAsync<UsageException>(() => AbuseTarget.ParseAsync("http://127.0.0.1:9", "none"));
        await Assert.ThrowsAsync<UsageException>(() => AbuseTarget.ParseAsync("ws://127.0.0.1:9", "nowhere"));
    }

    [Fact]
    public void Names_of_abuses_are_unique() => Assert.Equal(AbuseCatalog.All.Length, AbuseCatalog.All.Select(a => a.Name).Distinct().Count());

    [Fact]
    public void The_messages_of_the_protobuf_bombs_fit_into_a_message() => Assert.All(ProtobufBombs.All(), bomb =>
    {
        Assert.InRange(bomb.Length, 1, 65_000);
        // The first field of each is one of protobuf.
        Assert.NotEqual(0u, new CodedInputStream(bomb).ReadTag());
    });

    [Fact]
    public void Random_ids_are_UUIDs_and_differ()
    {
        var ids = new RandomIds(1).Next(RandomIds.MostInMessage);

        Assert.All(ids, id => Assert.True(Guid.TryParseExact(id, "N", out _)));
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.InRange(Outgoing.Follow(LinkKind.WebSocket, ids).Length, 1, 65_536);
    }

    private static async Task<AbuseReport> AgainstAsync(Flaw flaw)
    {
        await using var fake = new FakeServer(flaw);
        var target = await AbuseTarget.ParseAsync(string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{fake.Port}"), "none");
        return await RunAsync(new Calm(), target, 1, null, TimeSpan.FromSeconds(flaw == Flaw.Forgets ? 0.3 : 3));
    }

    private static Task<AbuseReport> RunAsync(IAbuse abuse, AbuseTarget target, int clients, int? process, TimeSpan? patience = null, int pairs = 1) => new AbuseRun
    {
        Abuse = abuse,
        Target = target,
        Clients = clients,
        Seconds = 0.5,
        WarmUp = 0.05,
        Before = 0.1,
        Pairs = pairs,
        After = 0.1,
        Process = process,
        Key = "defaultencryptionkey",
        DrainPatience = patience ?? TimeSpan.FromSeconds(60),
    }.RunAsync();

    /// <summary>One server for all abuses.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private Started? _started;

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            if (_started is not null)
                await _started.Process.DisposeAsync();
        }

        internal Task<Started> StartedAsync() => Task.FromResult(_started ??= new Started(NodeProcess.Start()));

        /// <summary>A server that was started.</summary>
        internal sealed record Started(NodeProcess Process)
        {
            public async Task<AbuseTarget> TargetAsync() => await AbuseTarget.ParseAsync($"ws://{(await Process.Http).Authority}", (await Process.Tcp).ToString());
        }
    }
}
