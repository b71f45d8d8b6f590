using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Client.Cuts;

/// <summary>
/// One of a user's devices, on a link of its own that nothing befalls: shows one status after the other, sometimes nothing, and
/// now and then goes and comes back.
/// </summary>
internal sealed class Device(ServerFixture server, Identity identity, string name, Truth truth, Random random)
{
    private Peer? _first;

    /// <summary>Connects and shows its first status.</summary>
    public async Task BeginAsync()
    {
        _first = await server.ConnectAsync(LinkKind.WebSocketJson, identity);
        await _first.SetAsync(truth.Next(NameOf(life: 0)));
    }

    /// <summary>Goes on from there until it is stopped; then it shows what it shows.</summary>
    public async Task<Peer> RunAsync(CancellationToken stop)
    {
        var peer = _first!;
        for (var life = 0; ; life++)
        {
            var device = NameOf(life);
            while (true)
            {
                if (stop.IsCancellationRequested)
                    return peer;
                // Enough to happen in any gap, and not so much that the machine does nothing else.
                await Task.Delay(random.Next(1, 10), CancellationToken.None);
                var choice = random.Next(100);
                if (choice < 2)
                    break;
                if (choice < 10)
                {
                    truth.Nothing(device);
                    await peer.EraseAsync();
                }
                else
                {
                    await peer.SetAsync(truth.Next(device));
                }
            }

            truth.Nothing(device);
            await peer.DisposeAsync();
            peer = await server.ConnectAsync(LinkKind.WebSocketJson, identity);
        }
    }

    private string NameOf(int life) => $"{name}.{life}";
}
