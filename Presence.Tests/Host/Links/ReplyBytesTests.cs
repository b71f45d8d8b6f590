using System.Text;
using System.Text.Json;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>A client that takes short messages only gets the answer to a follow in parts.</summary>
[Trait("Clause", "F2")]
public sealed class ReplyBytesTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private const int Bound = 16 * 1024;

    [Fact]
    public Task Over_a_WebSocket() => FollowAsync(async identity =>
    {
        var client = await RawClient.UpgradeAsync(server.Http, identity, $"&reply_bytes={Bound}");
        return (client, text => client.SendTextAsync(text), async () => (await client.ReadFrameAsync())!.Text);
    });

    [Fact]
    public Task Over_TCP() => FollowAsync(async identity =>
    {
        var client = await RawClient.ConnectAsync(server.Tcp);
        await client.SendAsync($$$"""{"hello":{"token":"{{{Tokens.Sign(identity)}}}","reply_bytes":1}}""" + "\n");
        await client.ReadLineAsync();
        return (client, text => client.SendAsync(text + "\n"), async () => (await client.ReadLineAsync())!);
    });

    private async Task FollowAsync(
        Func<Presence.Actors.Connections.Identity, Task<(RawClient Client, Func<string, Task> Send, Func<Task<string>> Read)>> connect)
    {
        var followed = new List<Peer>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                followed.Add(await server.ConnectAsync(LinkKind.TcpJson, Peers.NewUser(), $"followed{i}"));
                await followed[^1].ShowAsync(new string((char)('a' + i), 2048));
            }

            var (client, send, read) = await connect(Peers.IdentityOf(Peers.NewUser(), "follower"));
            await using var end = client;
            var ids = string.Join(',', followed.Select(peer => $"\"{peer.User}\""));
            await send($$$"""{"cid":"1","status_follow":{"user_ids":[{{{ids}}}]}}""");
            await send("""{"cid":"2","ping":{}}""");

            var shown = new Dictionary<string, string>();
            var first = await ReadAsync();
            Assert.Equal("1", first.GetProperty("cid").GetString());
            Take(first.GetProperty("status").GetProperty("presences"));
            Assert.InRange(shown.Count, 5, 10);
            while (shown.Count < followed.Count)
                Take((await ReadAsync()).GetProperty("status_presence_event").GetProperty("joins"));
            Assert.Equal(followed.Select(peer => $"{peer.User}").Order(StringComparer.Ordinal), shown.Keys.Order(StringComparer.Ordinal));
            Assert.Equal("""{"cid":"2","pong":{}}""", await read());

            // A user whose presences came in an event is followed like the others.
            await followed[^1].ShowAsync("next");
            var change = (await ReadAsync()).GetProperty("status_presence_event");
            Assert.Equal(new string('t', 2048), change.GetProperty("leaves")[0].GetProperty("status").GetString());

            async Task<JsonElement> ReadAsync()
            {
                var text = await read();
                Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, Bound);
                return JsonElement.Parse(text);
            }

            void Take(JsonElement presences)
            {
                foreach (var presence in presences.EnumerateArray())
                    shown.Add(presence.GetProperty("user_id").GetString()!, presence.GetProperty("status").GetString()!);
            }
        }
        finally
        {
            foreach (var peer in followed)
                await peer.DisposeAsync();
        }
    }
}
