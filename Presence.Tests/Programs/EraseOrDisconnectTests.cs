using System.Globalization;
using Akka.Actor;
using CsCheck;
using Presence.Actors.Connections;
using Presence.Actors.Hosting;
using Presence.Actors.Model;
using Presence.Actors.Relays;
using Presence.Host.Links;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Programs;

/// <summary>
/// Each random history is run on two nodes with the same users and the same sessions. Where a session leaves, it erases its status and
/// is silent from then on in the one run, and disconnects in the other. What all other clients are sent, in every format, is the same
/// byte for byte: the events, and the answers to all that they ask later.
/// </summary>
/// <remarks>
/// <c>PRESENCE_HISTORIES=10000</c> runs as many. Two things are made equal by construction: session ids are chosen by the test, and
/// each step ends before the next one begins, so that the order of events is that of the steps. One thing is put in order: the users in
/// the answer to a follow come in the order in which their entities have answered. A name is followed only while a session
/// has it that stays: a follow by a name that nobody has takes effect at no fixed instant (contract F6).
/// </remarks>
public sealed class EraseOrDisconnectTests : IAsyncLifetime
{
    private static readonly int Histories =
        int.Parse(Environment.GetEnvironmentVariable("PRESENCE_HISTORIES") ?? "60", CultureInfo.InvariantCulture);

    private static readonly LinkFormat[] Formats = [LinkFormat.WebSocketJson, LinkFormat.WebSocketProtobuf, LinkFormat.Lines, LinkFormat.Delimited];

    private readonly InMemoryNode _erasing = NewNode();
    private readonly InMemoryNode _disconnecting = NewNode();
    private int _leaves;
    private int _events;

    public Task InitializeAsync() => Task.WhenAll(_erasing.StartAsync(), _disconnecting.StartAsync());

    public async Task DisposeAsync()
    {
        await _erasing.DisposeAsync();
        await _disconnecting.DisposeAsync();
    }

    [Fact]
    [Trait("Clause", "S6")]
    public async Task Nobody_can_tell_an_erase_from_a_disconnect()
    {
        await Deed.Histories.SampleAsync(CompareAsync, iter: Histories, threads: 1, print: history => string.Join("\n", history.AsEnumerable()));
        // The histories are not all of nothing.
        Assert.True(_leaves >= Histories && _events >= Histories, $"{_leaves} sessions left in {Histories} histories, and {_events} events told of it");
    }

    // One relay: what it tells of one user, and of the user who marks the end of a step, comes in the order in which it happened.
    private static InMemoryNode NewNode() => new(
        new PresenceNode { Relays = RelaySettings.Default with { Count = 1 }, Loops = SpecLoops.All }, "akka.actor.serialize-messages = off");

    private async Task CompareAsync(Deed[] history)
    {
        var cast = Enumerable.Range(0, history.Length + 1).Select(_ => SessionId.New()).ToArray();
        var users = Enumerable.Range(0, Deed.UserCount + 1).Select(i => (new UserId(Guid.NewGuid()), $"user{i}-{Guid.NewGuid().ToString()[..8]}")).ToArray();
        var erased = new Run(_erasing, history, cast, users, erases: true, null);
        await erased.PlayAsync();
        var disconnected = new Run(_disconnecting, history, cast, users, erases: false, erased);
        await disconnected.PlayAsync();
        Assert.Equal(erased.Sent.Count, disconnected.Sent.Count);
        foreach (var format in Formats)
        {
            for (var client = 0; client < erased.Sent.Count; client++)
                Assert.Equal(Transcript(format, erased.Sent[client]), Transcript(format, disconnected.Sent[client]));
        }

        _leaves += erased.Leaves;
        _events += erased.EventsOfLeaves;
    }

    /// <summary>What went out to a client: the bytes of each message, as text where they are text.</summary>
    private static string Transcript(LinkFormat format, IEnumerable<ServerMessage> sent) => string.Join(
        "\n", sent.Select(InOrder).Select(format.Frame).Select(bytes => format == LinkFormat.Lines ? System.Text.Encoding.UTF8.GetString(bytes) : Convert.ToHexString(bytes)));

    private static ServerMessage InOrder(ServerMessage message) =>
        message is ServerMessage.Snapshot answer ? answer with { Presences = [.. answer.Presences.OrderBy(p => p.User.Value)] } : message;

    /// <summary>One step of a history. Numbers pick among the clients that are there.</summary>
    private abstract record Deed
    {
        public const int UserCount = 3;

        /// <summary>A device of a user connects.</summary>
        public sealed record Connect(int User, bool AppearsOnline) : Deed;

        public sealed record Set(int Client, int Text) : Deed;

        /// <summary>A client erases its status, in both runs, and stays.</summary>
        public sealed record Erase(int Client) : Deed;

        public sealed record Follow(int Client, int Users, bool ByName) : Deed;

        public sealed record Unfollow(int Client, int Users) : Deed;

        /// <summary>A client takes nothing of what it is sent, or takes it again: then it gets what has changed meanwhile, merged.</summary>
        public sealed record Stall(int Client) : Deed;

        /// <summary>A client erases its status and is silent, or disconnects.</summary>
        public sealed record Leave(int Client) : Deed;

        /// <summary>Histories in which clients leave again and again.</summary>
        public static Gen<Deed[]> Histories { get; } = Gen.Frequency(
            (4, Gen.Select(Gen.Int[0, UserCount - 1], Gen.Bool, Deed (u, online) => new Connect(u, online))),
            (6, Gen.Select(Gen.Int[0, 99], Gen.Int[0, 4], Deed (c, text) => new Set(c, text))),
            (2, Gen.Int[0, 99].Select(Deed (c) => new Erase(c))),
            (5, Gen.Select(Gen.Int[0, 99], Gen.Int[1, (1 << UserCount) - 1], Gen.Int[0, 3], Deed (c, users, name) => new Follow(c, users, name == 0))),
            (1, Gen.Select(Gen.Int[0, 99], Gen.Int[1, (1 << UserCount) - 1], Deed (c, users) => new Unfollow(c, users))),
            (1, Gen.Int[0, 99].Select(Deed (c) => new Stall(c))),
            (4, Gen.Int[0, 99].Select(Deed (c) => new Leave(c)))).Array[4, 24].Select(Complete);

        /// <summary>Each history begins with a follower and somebody to follow, and ends with a look at everybody.</summary>
        private static Deed[] Complete(Deed[] steps) =>
        [
            new Connect(0, false), new Connect(1, true), new Follow(0, (1 << UserCount) - 1, false), .. steps,
            new Leave(1), new Follow(0, (1 << UserCount) - 1, false), new Connect(1, true), new Follow(0, (1 << UserCount) - 1, false),
        ];
    }

    /// <summary>One history on one node.</summary>
    private sealed class Run(
        InMemoryNode node, Deed[] history, SessionId[] sessions, (UserId Id, string Name)[] users, bool erases, Run? before)
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

        private readonly List<Client> _clients = [];
        private readonly List<int[]> _counts = [];
        private Client _marker = null!;
        private int _marks;

        /// <summary>What each client was sent until it left, in the order in which they connected.</summary>
        public List<List<ServerMessage>> Sent => [.. _clients.Select(c => c.Sent)];

        public int Leaves { get; private set; }

        /// <summary>How many messages clients were sent because another left.</summary>
        public int EventsOfLeaves { get; private set; }

        public async Task PlayAsync()
        {
            // The marker is followed by everybody: when its change has come, all that was before has come.
            _marker = new Client(node.Connect(users[^1].Id, users[^1].Name, sessions[^1]), default);
            await MarkAsync();
            for (var i = 0; i < history.Length; i++)
            {
                await TakeAsync(history[i], sessions[i]);
                await SettleAsync(i);
            }

            foreach (var client in _clients.Where(c => !c.HasLeft && c.IsStalled))
                await ResumeAsync(client);
            await TakeAllAsync();
            foreach (var client in _clients)
                await client.Link.DisconnectAsync();
            await _marker.Link.DisconnectAsync();
        }

        private async Task TakeAsync(Deed deed, SessionId session)
        {
            switch (deed)
            {
                case Deed.Connect connect:
                    var client = new Client(node.Connect(users[connect.User].Id, users[connect.User].Name, session, connect.AppearsOnline), users[^1].Id);
                    _clients.Add(client);
                    await client.AskAsync(cid => new ClientRequest.Follow(cid, [users[^1].Id.ToString()], []));
                    break;
                case Deed.Set set when At(set.Client) is { IsStalled: false } c:
                    await c.AskAsync(cid => new ClientRequest.UpdateStatus(cid, set.Text == 0 ? "" : $"status {set.Text}"));
                    break;
                case Deed.Erase erase when At(erase.Client) is { IsStalled: false } c:
                    await c.AskAsync(cid => new ClientRequest.UpdateStatus(cid, null));
                    break;
                case Deed.Follow follow when At(follow.Client) is { IsStalled: false } c:
                    var named = Among(follow.Users).Where(u => follow.ByName && _clients.Exists(o => !o.HasLeft && o.Link.User == u.Id)).ToArray();
                    var known = Among(follow.Users).Except(named);
                    await c.AskAsync(cid => new ClientRequest.Follow(cid, [.. known.Select(u => u.Id.ToString())], [.. named.Select(u => u.Name)]));
                    break;
                case Deed.Unfollow unfollow when At(unfollow.Client) is { IsStalled: false } c:
                    await c.AskAsync(cid => new ClientRequest.Unfollow(cid, [.. Among(unfollow.Users).Select(u => u.Id.ToString())]));
                    break;
                case Deed.Stall stall when At(stall.Client) is { } c:
                    if (c.IsStalled)
                        await ResumeAsync(c);
                    else
                        c.Link.Link.IsWritable = !(c.IsStalled = true);
                    break;
                case Deed.Leave leave when At(leave.Client) is { IsStalled: false } c:
                    var sent = c.Sent.Count;
                    if (erases)
                        await c.AskAsync(cid => new ClientRequest.UpdateStatus(cid, null));
                    else
                        await EndAsync(c);
                    // The answer to its own erase is no matter of the others.
                    c.Sent.RemoveRange(sent, c.Sent.Count - sent);
                    c.HasLeft = true;
                    Leaves++;
                    break;
            }
        }

        /// <summary>Ends the connection and waits until its actor has stopped.</summary>
        private static async Task EndAsync(Client client)
        {
            var connection = await client.Link.Link.Connection.WaitAsync(Patience);
            var end = connection.WatchAsync();
            await client.Link.DisconnectAsync();
            await end.WaitAsync(Patience);
        }

        private Client? At(int index)
        {
            var there = _clients.FindAll(c => !c.HasLeft);
            return there.Count == 0 ? null : there[index % there.Count];
        }

        private IEnumerable<(UserId Id, string Name)> Among(int mask) => users[..^1].Where((_, i) => (mask & (1 << i)) != 0);

        /// <summary>All that the step has caused has come to those who take it.</summary>
        private async Task SettleAsync(int step)
        {
            // A disconnect is not answered: what it causes is awaited as often as the erase has caused it.
            if (before is not null)
            {
                for (var i = 0; i < before._counts[step].Length; i++)
                {
                    while (_clients[i].Sent.Count < before._counts[step][i] && !_clients[i].HasLeft && !_clients[i].IsStalled)
                        await _clients[i].TakeNextAsync();
                }
            }

            await TakeAllAsync();
            var counts = _clients.Select(c => c.Sent.Count).ToArray();
            if (history[step] is Deed.Leave)
                EventsOfLeaves += counts.Sum() - (_counts.Count == 0 ? 0 : _counts[^1].Sum());
            _counts.Add(counts);
        }

        /// <summary>All that has been caused so far comes to those who take it.</summary>
        private async Task TakeAllAsync()
        {
            // Twice: what a relay has sent before the first mark is there when another one's second mark is.
            for (var i = 0; i < 2; i++)
            {
                await MarkAsync();
                foreach (var client in _clients.Where(c => !c.HasLeft && !c.IsStalled))
                {
                    while (client.Mark < _marks)
                        await client.TakeNextAsync();
                }
            }
        }

        /// <summary>The client takes again what it is sent.</summary>
        private static async Task ResumeAsync(Client client)
        {
            client.IsStalled = false;
            client.Link.Link.IsWritable = true;
            (await client.Link.Link.Connection.WaitAsync(Patience)).Tell(LinkSignal.Drained.Instance);
        }

        private Task MarkAsync()
        {
            var mark = (++_marks).ToString(CultureInfo.InvariantCulture);
            return _marker.AskAsync(cid => new ClientRequest.UpdateStatus(cid, mark));
        }
    }

    /// <summary>A client, and what it was sent.</summary>
    private sealed class Client(TestClient link, UserId marker)
    {
        public TestClient Link { get; } = link;

        /// <summary>All messages but those of the marker.</summary>
        public List<ServerMessage> Sent { get; } = [];

        public bool IsStalled { get; set; }

        public bool HasLeft { get; set; }

        /// <summary>The last status of the marker that it was told.</summary>
        public int Mark { get; private set; }

        /// <summary>Asks, and takes what comes up to the answer.</summary>
        public async Task AskAsync(Func<string, ClientRequest> request)
        {
            var cid = Link.NewCid();
            await Link.TellAsync(request(cid));
            while (await TakeNextAsync() != cid)
            {
            }
        }

        /// <summary>Takes the next message.</summary>
        /// <returns>The request that it answers; null: none.</returns>
        public async Task<string?> TakeNextAsync()
        {
            var message = await Link.NextAsync();
            if (message is ServerMessage.StatusEvent change && change.User == marker)
            {
                Mark = int.Parse(change.Changes[^1].New!.Status, CultureInfo.InvariantCulture);
                return null;
            }

            Sent.Add(message);
            return message switch
            {
                ServerMessage.Acknowledged done => done.Cid,
                ServerMessage.Snapshot snapshot => snapshot.Cid,
                ServerMessage.Pong pong => pong.Cid,
                ServerMessage.Failed failed => throw new InvalidOperationException($"{Link.Username} was told {failed}."),
                _ => null,
            };
        }
    }
}
