using System.Runtime.CompilerServices;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Xunit;

namespace Presence.Tests.Node;

/// <summary>That a connection that has ended takes no memory, though its token would have been good for long.</summary>
public sealed class ForgottenConnectionSpecs : IAsyncLifetime
{
    private const int Connections = 100;

    // An actor at rest still holds the last message that it was told, and so its sender: a few of them, however many have come and gone.
    private const int Few = Connections / 10;

    private readonly InMemoryNode _node =
        new(new PresenceNode { Relays = RelaySettings.Default with { Count = 2 } }, "akka.actor.serialize-messages = off");

    public Task InitializeAsync() => _node.StartAsync();

    public Task DisposeAsync() => _node.DisposeAsync().AsTask();

    [Fact]
    [Trait("Clause", "F8")]
    public async Task Nothing_holds_connections_that_have_ended_or_their_links()
    {
        var gone = await ComeAndGoAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        int held;
        while ((held = Held(gone)) > Few)
        {
            Assert.False(patience.IsCancellationRequested, $"F8: of {Connections} connections that have ended, {held} actors or links are still in memory.");
            await Task.Delay(50);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Held(WeakReference[] gone)
    {
        GC.Collect();
        return gone.Count(g => g.IsAlive);
    }

    /// <summary>Connections that follow each other, and end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference[]> ComeAndGoAsync()
    {
        var clients = Enumerable.Range(0, Connections)
            .Select(i => _node.Connect(new UserId(Guid.NewGuid()), $"user{i}")).ToArray();
        var users = clients.Select(c => c.User).ToArray();
        foreach (var client in clients)
            await client.FollowAsync(users);
        var held = new List<WeakReference>();
        foreach (var client in clients)
        {
            held.Add(new WeakReference(client.Link));
            held.Add(new WeakReference(await client.Link.Connection));
            await client.DisconnectAsync();
        }

        return [.. held];
    }
}
