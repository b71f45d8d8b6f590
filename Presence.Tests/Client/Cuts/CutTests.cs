using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using Presence.Client;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Presence.Tests.Semantics;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client.Cuts;

/// <summary>
/// A client whose link breaks again and again, while those whom it follows, and itself, change all the time: nothing is lost, nothing is
/// told that was not so, no chain breaks, and nothing is left of it in the end.
/// </summary>
/// <remarks><c>PRESENCE_CUTS=1000</c> cuts as many times over each kind of link.</remarks>
[Collection(AloneCollection.Name)]
public sealed class CutTests(CutServer server) : IClassFixture<CutServer>
{
    private static readonly int Count =
        int.Parse(Environment.GetEnvironmentVariable("PRESENCE_CUTS") ?? "250", CultureInfo.InvariantCulture);

    /// <summary>All kinds at once: most of the time each waits for its link.</summary>
    [Fact]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "E6")]
    [Trait("Clause", "F2")]
    [Trait("Clause", "S5")]
    public Task However_the_link_breaks_what_is_told_is_true_and_a_chain() => Task.WhenAll(Enum.GetValues<ClientKind>().Select(kind =>
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        return RunAsync(kind, seed, (_, _) => Any(random), wire => wire.Cut >= Count);
    }));

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    public async Task Behind_whichever_byte_the_link_breaks_what_is_told_is_true_and_a_chain(ClientKind kind)
    {
        // Behind each byte of the client, then behind each of the server, until what is restored has come through.
        var (ofClient, ofServer) = (0L, 0L);
        var (up, down) = (-1L, -1L);
        await RunAsync(
            kind,
            seed: 1,
            (passed, accepted) =>
            {
                if (passed is { } restored)
                    (ofClient, ofServer) = restored;
                var ending = accepted % 2 == 0 ? Ending.Reset : Ending.Finish;
                if (up < ofClient)
                    return new Fault { Up = ++up, Ending = ending };
                return down < ofServer ? new Fault { Down = ++down, Ending = ending } : Fault.None;
            },
            _ => down >= ofServer,
            isQuiet: true);
    }

    [Theory]
    [ClassData(typeof(EveryClientKind))]
    [Trait("Clause", "E3")]
    public Task Bytes_that_come_one_by_one_say_the_same(ClientKind kind) =>
        // Until one link has brought so many of them and then ends: by then all is restored, and much has changed.
        RunAsync(kind, seed: 2, (_, _) => new Fault { Piece = 1, Down = 20_000, Ending = Ending.Finish }, wire => wire.Cut > 0);

    private static Fault Any(Random random)
    {
        // Half of them before all is restored.
        var bytes = random.Next(2) == 0 ? random.Next(1500) : random.Next(8000);
        var isUp = random.Next(4) == 0;
        return new Fault
        {
            Ending = random.Next(50) switch { 0 => Ending.Silence, < 20 => Ending.Finish, _ => Ending.Reset },
            Up = isUp ? bytes / 4 : null,
            Down = isUp ? null : bytes,
            Piece = random.Next(3) == 0 ? random.Next(1, 8) : int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(random.Next(20) == 0 ? random.Next(3) : 0),
        };
    }

    /// <param name="kind">How the client speaks.</param>
    /// <param name="seed">What the devices do.</param>
    /// <param name="next">
    /// What befalls the next connection, given how many bytes it took to restore everything on the first one, and how many connections
    /// there were.
    /// </param>
    /// <param name="isEnough">When the wire is to be left whole.</param>
    /// <param name="isQuiet">
    /// Whether the devices change nothing until everything is restored on the first connection: then no change is among the bytes that it took.
    /// </param>
    private async Task RunAsync(
        ClientKind kind, int seed, Func<(long, long)?, int, Fault> next, Func<FaultyWire, bool> isEnough, bool isQuiet = false)
    {
        var timers = new CountedTimers();
        var ended = await RunAsync(kind, seed, next, isEnough, isQuiet, timers);

        // A delay that has passed gives its timer back a moment after who waited has gone on.
        await Until.TrueAsync(() => timers.Live == 0, "all timers to be given back", describe: () => $"{timers.Live} are not.");
        await Until.TrueAsync(
            () =>
            {
                GC.Collect();
                return !ended.IsAlive;
            },
            "nothing to hold the client that has ended");
    }

    // In a method of its own, whose variables hold nothing any more when it has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> RunAsync(
        ClientKind kind, int seed, Func<(long, long)?, int, Fault> next, Func<FaultyWire, bool> isEnough, bool isQuiet, TimeProvider clock)
    {
        var truth = new Truth();
        var told = new Told(truth);
        var me = Peers.IdentityOf(Peers.NewUser(), $"me-{Guid.NewGuid():N}");
        var others = Enumerable.Range(0, 4).Select(i => Peers.IdentityOf(Peers.NewUser(), $"{i}-{Guid.NewGuid():N}")).ToArray();
        using var stop = new CancellationTokenSource();
        (long, long)? restored = null;
        var isWhole = false;
        await using var wire = new FaultyWire(
            kind is ClientKind.TcpJson or ClientKind.TcpProtobuf ? server.Tcp : IPEndPoint.Parse(server.Http.Authority),
            connection => isWhole || connection == 0 ? Fault.None : next(restored, connection));

        // One of the others has two devices.
        var devices = others.Append(others[0])
            .Select((identity, i) => new Device(server, identity, $"{i}", truth, new Random(seed + i))).ToList();
        await Task.WhenAll(devices.Select(device => device.BeginAsync())).WaitAsync(Clients.Patience);
        var change = () => devices.Select(device => device.RunAsync(stop.Token)).ToList();
        var changing = isQuiet ? null : change();
        await using var observer = await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), $"observer-{Guid.NewGuid():N}");
        var seen = new View(observer);
        await observer.FollowAsync(me.User);

        var usual = Clients.OptionsOf(server, kind, me.User, me.Username);
        await using (var client = PresenceClient.Start(new PresenceClientOptions
        {
            Server = new UriBuilder(usual.Server) { Host = wire.Address.Address.ToString(), Port = wire.Address.Port }.Uri,
            Format = usual.Format,
            TokenProvider = usual.TokenProvider,
            Reconnect = new ReconnectPolicy { FirstDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(5) },
            ConnectTimeout = TimeSpan.FromSeconds(2),
            PingInterval = TimeSpan.FromMilliseconds(300),
            PingTimeout = TimeSpan.FromMilliseconds(700),
            TimeProvider = clock,
            Backlog = 16,
        }))
        {
            await using var changes = client.Subscribe();
            // The last one is followed by name.
            foreach (var shown in await client.FollowAsync(others[..3].Select(o => o.User.Value), [others[3].Username]).WaitAsync(Clients.Patience))
                told.Apply(shown);
            var listening = ListenAsync(changes, told);
            await client.SetStatusAsync("me#0").WaitAsync(Clients.Patience);
            restored = wire.Passed;
            changing ??= change();

            var asking = AskAsync(client, new Random(seed), stop.Token);
            wire.CutAll();
            var isOver = () => isEnough(wire) || asking.IsCompleted || listening.IsCompleted;
            while (!isOver())
            {
                // All of them take as long as this machine needs. A slow link is cut late, or not at all when its client gives up a request.
                var cut = wire.Cut;
                await Until.TrueAsync(() => isOver() || wire.Cut > cut, $"a cut after {cut} others", Clients.Patience * 2);
            }

            isWhole = true;
            await stop.CancelAsync();
            wire.CutAll();
            var peers = await Task.WhenAll(changing).WaitAsync(Clients.Patience);
            await asking.WaitAsync(Clients.Patience);
            await client.SetStatusAsync("me#last").WaitAsync(Clients.Patience);

            // A status can be in force again before the roster is current again.
            var roster = client.Roster;
            await Until.TrueAsync(
                () => (told.Shown.SequenceEqual(truth.Shown) && (roster = client.Roster).IsCurrent) || listening.IsCompleted,
                $"the last changes (seed {seed}): {string.Join(' ', truth.Shown)}",
                describe: () => $"told {string.Join(' ', told.Shown)}; {client.State}; {string.Join('\n', told.Faults)}");
            Assert.Empty(told.Faults);
            Assert.True(roster.IsCurrent);
            Assert.Equal(truth.Shown, roster.Select(p => p.Status).Order(StringComparer.Ordinal));
            Assert.Equal(truth.Shown, changes.Roster.Select(p => p.Status).Order(StringComparer.Ordinal));
            Assert.NotEqual(0, told.Changes);
            foreach (var peer in peers)
                await peer.DisposeAsync();

            while (seen.Of(me.User).Select(s => s.Status).ToList() is not ["me#last"])
                seen.Apply(Assert.IsType<Semantics.Clients.Told.Event>(await observer.NextAsync()));
            Assert.Empty(seen.Faults);

            await client.DisposeAsync();
            await listening.WaitAsync(Clients.Patience);
            await Until.TrueAsync(() => wire.Open == 0, "the wire to carry nothing");
            return new WeakReference(client);
        }
    }

    private static async Task ListenAsync(StatusSubscription changes, Told told)
    {
        await foreach (var change in changes)
            told.Apply(change);
    }

    /// <summary>Shows one status after the other, and gives some of them up.</summary>
    private static async Task AskAsync(PresenceClient client, Random random, CancellationToken stop)
    {
        for (var i = 1; !stop.IsCancellationRequested; i++)
        {
            using var patience = new CancellationTokenSource(random.Next(8) == 0 ? TimeSpan.FromMilliseconds(random.Next(5)) : Clients.Patience);
            try
            {
                await client.SetStatusAsync($"me#{i}", patience.Token);
                await Task.Delay(random.Next(1, 10), CancellationToken.None);
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                // Perhaps it is in force and perhaps not; the next one will be.
            }

            Assert.NotEqual(ConnectionPhase.Closed, client.State.Phase);
        }
    }
}
