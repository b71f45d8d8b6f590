using System.Collections.Concurrent;
using Akka.Actor;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Presence.Tests.Clusters.Kit;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>
/// A second actor system that reaches the port between nodes of a server without TLS, and sends what no node would. Nothing of it arrives,
/// and the node goes on.
/// </summary>
[Trait("Clause", "A4")]
public sealed class ForeignMessageTests(ForeignMessageTests.LoneNode node) : IClassFixture<ForeignMessageTests.LoneNode>
{
    private const string Refused = "only messages of Presence, and those that Akka needs, pass between nodes";

    /// <summary>A server with an actor that notes what reaches it.</summary>
    public sealed class LoneNode : IAsyncLifetime
    {
        internal Member Server { get; } = new([$"--Presence:Cluster:Port={FreePorts.Next()}"]);

        internal ConcurrentQueue<object> Arrived { get; } = new();

        internal ActorSystem System => Server.Services.GetRequiredService<ActorSystem>();

        public async Task InitializeAsync()
        {
            await Server.InitializeAsync();
            System.ActorOf(Props.Create(() => new Recorder(Arrived)), "recorder");
        }

        public Task DisposeAsync() => Server.DisposeAsync();
    }

    /// <summary>Messages that no node sends, each by another of Akka's serializers or of another kind.</summary>
    public static TheoryData<string> Foreign => ["a type of its own", "a Protobuf type", "a failure with an exception", "a poison pill", "a kill"];

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task A_message_that_no_node_sends_does_not_arrive(string kind)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var stranger = Stranger.Plain();
        using var said = new Overheard(node.System);
        var recorder = await RecorderAsync(stranger, patience.Token);

        foreach (var way in (ICanTell[])[recorder, stranger.System.ActorSelection(recorder.Path)])
        {
            way.Tell(MessageOf(kind), ActorRefs.NoSender);
            // What is behind it on the same connection arrives, so it would have.
            var mark = $"{kind} {Guid.NewGuid():N}";
            way.Tell(mark, ActorRefs.NoSender);
            await ArrivesAsync(mark, patience.Token);
        }

        await said.UntilAsync(line => line.Contains(Refused, StringComparison.Ordinal), patience.Token);
        Assert.All(node.Arrived, each => Assert.IsType<string>(each));
    }

    [Fact]
    public async Task An_actor_cannot_be_started_on_a_node()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var stranger = Stranger.Plain();
        using var said = new Overheard(node.System);
        var mark = $"{Guid.NewGuid():N}";

        stranger.System.ActorOf(Props.Create<Planted>(mark).WithDeploy(Akka.Actor.Deploy.None.WithScope(new RemoteScope(node.Server.Cluster.SelfAddress))));

        await said.UntilAsync(line => line.Contains(Refused, StringComparison.Ordinal), patience.Token);
        Assert.DoesNotContain(mark, Planted.Started);
        await StillServesAsync(patience.Token);
    }

    [Fact]
    public async Task An_actor_of_a_node_cannot_be_stopped_from_elsewhere()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var stranger = Stranger.Plain();
        var recorder = await RecorderAsync(stranger, patience.Token);
        using var said = new Overheard(node.System);

        ((IInternalActorRef)recorder).Stop();

        // Akka closes the connection over a system message that cannot be read, since none of these may be missing.
        await said.UntilAsync(line => line.Contains($":{stranger.Address.Port}", StringComparison.Ordinal), patience.Token);
        await StillServesAsync(patience.Token);
    }

    [SkippableFact]
    public async Task The_operator_reads_one_line_for_it()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var port = FreePorts.Next();
        await using var process = NodeProcess.Start($"Cluster:Port={port}", "Links:Rehearsal=0");
        await process.Http;
        await using var stranger = Stranger.Plain();
        var before = process.Lines.Count;

        stranger.System.ActorSelection($"akka.tcp://presence@127.0.0.1:{port}/user/relays").Tell(new Foreigner("hello"));
        await process.SaysAsync(Refused);

        Assert.EndsWith(
            $"Refused a message from 127.0.0.1:{stranger.Address.Port}: {Refused}; this one is for the serializer 'json'",
            Assert.Single(process.Lines.Skip(before)), StringComparison.Ordinal);
    }

    private async Task StillServesAsync(CancellationToken patience)
    {
        await using var other = Stranger.Plain();
        var mark = $"still there {Guid.NewGuid():N}";
        (await RecorderAsync(other, patience)).Tell(mark);
        await ArrivesAsync(mark, patience);
        await node.Server.SeesAsync(1, patience);
    }

    private Task<IActorRef> RecorderAsync(Stranger stranger, CancellationToken patience) =>
        stranger.System.ActorSelection($"{node.Server.Cluster.SelfAddress}/user/recorder").ResolveOne(TimeSpan.FromSeconds(20), patience);

    private async Task ArrivesAsync(string mark, CancellationToken patience)
    {
        while (!node.Arrived.Contains(mark))
            await Task.Delay(20, patience);
    }

    private static object MessageOf(string kind) => kind switch
    {
        "a type of its own" => new Foreigner("hello"),
        "a Protobuf type" => new StringValue { Value = "hello" },
        "a failure with an exception" => new Status.Failure(new InvalidOperationException("hello")),
        "a poison pill" => PoisonPill.Instance,
        "a kill" => Kill.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>A type that both systems could make.</summary>
    public sealed record Foreigner(string Text);

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(ConcurrentQueue<object> arrived) => ReceiveAny(arrived.Enqueue);
    }

    private sealed class Planted : ReceiveActor
    {
        public Planted(string mark) => Started.Enqueue(mark);

        public static ConcurrentQueue<string> Started { get; } = new();
    }
}
