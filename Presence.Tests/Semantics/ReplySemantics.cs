using System.Text;
using Presence.Actors.Connections;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Semantics;

/// <summary>What the server promises of replies (protocol differences 0.1, 0.2, section B1), on every kind of link.</summary>
public abstract class ReplySemantics(ServerFixture server)
{
    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "0.2")]
    public async Task The_reply_comes_before_the_event_that_the_request_causes(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        const int rounds = 200;
        for (var i = 0; i < rounds; i++)
        {
            if (i % 3 == 2)
                await alice.EraseAsync();
            else
                await alice.SetAsync($"{i}");
        }

        // Each own event stands somewhere behind its reply.
        while (alice.Transcript.Count < 2 * rounds)
            await alice.NextAsync();
        var replies = 0;
        var events = 0;
        foreach (var told in alice.Transcript)
        {
            if (told is Told.Event)
                events++;
            else
                replies++;
            Assert.True(events <= replies, $"event {events} came before reply {replies + 1}");
        }
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "0.2")]
    public async Task Replies_come_in_the_order_of_the_requests(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        var users = Enumerable.Range(0, 30).Select(_ => Peers.NewUser().ToString()).ToArray();
        var sent = new List<string>();
        for (var i = 0; i < 100; i++)
        {
            var cid = $"request {i}";
            sent.Add(cid);
            await alice.SendAsync((i % 5) switch
            {
                0 => new ClientRequest.Follow(cid, [.. users], [$"name {i}"]),
                1 => new ClientRequest.UpdateStatus(cid, cid),
                2 => new ClientRequest.Ping(cid),
                3 => new ClientRequest.Unfollow(cid, [users[i % 30]]),
                _ => new ClientRequest.UpdateStatus(cid, null),
            });
        }

        await alice.PingAsync();
        Assert.Equal(sent, alice.Transcript.Where(t => t is not Told.Event).Select(t => t.ReplyTo).SkipLast(1));
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "0.2")]
    public async Task A_cid_is_any_text_and_is_echoed_as_it_was(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        foreach (var cid in new[] { "0", "1", "-1", " ", "null", "\"quoted\" \\ \u0001\n", "schöne Grüße 你好 😀", new string('c', 3000), Guid.NewGuid().ToString() })
        {
            await alice.SendAsync(new ClientRequest.Ping(cid));
            Assert.Equal(new Told.Pong(cid), await alice.NextAsync());
            await alice.SendAsync(new ClientRequest.UpdateStatus(cid, null));
            Assert.Equal(new Told.Ack(cid), await alice.NextAsync());
            await alice.SendAsync(new ClientRequest.Follow(cid, [], []));
            Assert.Equal(new Told.Snapshot(cid, []), await alice.NextAsync());
            await alice.SendAsync(new ClientRequest.Unfollow(cid, ["nonsense"]));
            Assert.Equal(cid, (await alice.NextAsync<Told.Error>()).Cid);
        }
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "0.2")]
    public async Task A_request_without_a_cid_is_carried_out_and_answered_without_one(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await alice.SendAsync(new ClientRequest.Ping(null));
        Assert.Equal(new Told.Pong(null), await alice.NextAsync());
        await alice.SendAsync(new ClientRequest.UpdateStatus(null, "here"));
        Assert.Equal(new Told.Ack(null), await alice.NextAsync());
        Assert.Equal("here", Assert.Single((await alice.NextAsync<Told.Event>()).Joins).Status);
        await alice.SendAsync(new ClientRequest.Follow(null, [Peers.NewUser().ToString()], []));
        Assert.Equal(new Told.Snapshot(null, []), await alice.NextAsync());
        await alice.SendAsync(new ClientRequest.Unfollow(null, ["nonsense"]));
        Assert.Null((await alice.NextAsync<Told.Error>()).Cid);
    }

    [Theory]
    [ClassData(typeof(EveryRawKind))]
    [Trait("Clause", "0.2")]
    public async Task Requests_in_flight_may_share_a_cid_and_are_answered_each(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await alice.SendAsync(new ClientRequest.Follow("7", [Peers.NewUser().ToString()], []));
        await alice.SendAsync(new ClientRequest.Ping("7"));
        await alice.SendAsync(new ClientRequest.Unfollow("7", []));
        await alice.SendAsync(new ClientRequest.Ping("7"));
        Assert.Equal(new Told.Snapshot("7", []), await alice.NextAsync());
        Assert.Equal(new Told.Pong("7"), await alice.NextAsync());
        Assert.Equal(new Told.Ack("7"), await alice.NextAsync());
        Assert.Equal(new Told.Pong("7"), await alice.NextAsync());
    }

    [Theory]
    [InlineData(LinkKind.WebSocketJson)]
    [InlineData(LinkKind.TcpJson)]
    [Trait("Clause", "0.1")]
    public async Task An_answer_with_nobody_in_it_has_an_empty_list(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        Assert.Empty(await alice.FollowAsync(Peers.NewUser()));
        Assert.Equal("""{"cid":"1","status":{"presences":[]}}""", Encoding.UTF8.GetString(alice.Bytes[^1]));
    }

    [Theory]
    [InlineData(LinkKind.WebSocketJson)]
    [InlineData(LinkKind.TcpJson)]
    [Trait("Clause", "E1")]
    public async Task What_is_sent_as_JSON_holds_no_nulls_and_no_fields_at_their_default(LinkKind kind)
    {
        await using var alice = await server.ConnectAsync(kind, Peers.NewUser(), "alice");
        await alice.ShowAsync("");
        var presence = $$"""{"user_id":"{{alice.User}}","session_id":"{{alice.Session}}","username":"alice","status":""}""";
        Assert.Equal($$$"""{"status_presence_event":{"joins":[{{{presence}}}]}}""", Encoding.UTF8.GetString(alice.Bytes[^1]));
        await alice.ShowAsync("");
        Assert.Equal("""{"cid":"2"}""", Encoding.UTF8.GetString(alice.Bytes[^2]));
        Assert.Equal($$$"""{"status_presence_event":{"joins":[{{{presence}}}],"leaves":[{{{presence}}}]}}""", Encoding.UTF8.GetString(alice.Bytes[^1]));
        await alice.EraseAsync();
        Assert.Equal(new Told.Event([], [new Shown(alice.User, alice.Session!, "alice", "")]), await alice.NextAsync());
        Assert.Equal($$$"""{"status_presence_event":{"leaves":[{{{presence}}}]}}""", Encoding.UTF8.GetString(alice.Bytes[^1]));
    }
}
