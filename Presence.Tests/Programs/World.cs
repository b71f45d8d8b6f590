using System.Globalization;
using System.Text;
using Akka.Actor;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Node;

namespace Presence.Tests.Programs;

/// <summary>
/// Runs one program against one node or several, and holds all that every client is told against the truth, as it comes. Users, devices and
/// followers are those of this program alone, so any number of programs can share them.
/// </summary>
public sealed class World(INodes nodes)
{
    public const int Users = 4;
    public const int MostConnections = 20;

    // So many of the users have one name.
    private const int Namesakes = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly bool _mayMerge = nodes.MayMerge;
    private readonly Lock _gate = new();
    private readonly (UserId Id, string Name)[] _users = NewUsers();
    private readonly Dictionary<SessionId, History> _histories = [];
    private readonly List<Client> _clients = [];
    private int _statuses;

    public static async Task RunAsync(INodes nodes, Step[] program)
    {
        var world = new World(nodes);
        foreach (var step in program)
            await world.TakeAsync(step);
        await world.SettleAsync();
    }

    private static (UserId Id, string Name)[] NewUsers()
    {
        var run = Guid.NewGuid().ToString()[..8];
        return [.. Enumerable.Range(0, Users).Select(i => (new UserId(Guid.NewGuid()), i < Namesakes ? $"shared-{run}" : $"user{i}-{run}"))];
    }

    private Client? ClientAt(int index)
    {
        var live = _clients.FindAll(c => !c.IsOver);
        return live.Count == 0 ? null : live[index % live.Count];
    }

    private async Task TakeAsync(Step step)
    {
        switch (step)
        {
            case Step.Connect connect when _clients.Count(c => !c.IsOver) < MostConnections:
                Connect(_users[connect.User], connect.AppearsOnline);
                break;
            case Step.ConnectMany many:
                for (var i = 0; i < many.Count && _clients.Count(c => !c.IsOver) < MostConnections; i++)
                    Connect(_users[many.User], appearsOnline: true);
                break;
            case Step.Cut cut:
                var live = _clients.FindAll(c => !c.IsOver);
                await Task.WhenAll(live.Where((_, i) => (cut.Connections & (1 << i)) != 0).Select(c => c.DisconnectAsync()));
                break;
            case Step.Set set when ClientAt(set.Connection) is { } client:
                await client.UpdateAsync(set.Repeats ? client.Own.Now ?? "" : $"status {++_statuses}");
                break;
            case Step.Erase erase when ClientAt(erase.Connection) is { } client:
                await client.UpdateAsync(null);
                break;
            case Step.Follow follow when ClientAt(follow.Connection) is { } client:
                await client.FollowAsync(follow.ByName ? WithNamesakes(Among(follow.Users)) : Among(follow.Users), follow.ByName);
                break;
            case Step.Unfollow unfollow when ClientAt(unfollow.Connection) is { } client:
                await client.UnfollowAsync(Among(unfollow.Users));
                break;
            case Step.Disconnect disconnect when ClientAt(disconnect.Connection) is { } client:
                await client.DisconnectAsync();
                break;
            case Step.Stall stall when ClientAt(stall.Connection) is { } client:
                client.Stall();
                break;
            case Step.Resume resume when ClientAt(resume.Connection) is { } client:
                await client.ResumeAsync();
                break;
            case Step.Wait:
                // A client that takes nothing gets no answer until it does.
                await AllAsync("answers its requests", c => !c.IsWaiting || c.IsStalled);
                break;
        }
    }

    private string NameOf(UserId user) => $"user{Array.FindIndex(_users, u => u.Id == user)}";

    private string NameOf(string user) => NameOf(new UserId(Guid.Parse(user)));

    private List<(UserId Id, string Name)> Among(int mask) => [.. _users.Where((_, i) => (mask & (1 << i)) != 0)];

    private List<(UserId Id, string Name)> WithNamesakes(List<(UserId Id, string Name)> users) =>
        [.. _users.Where(user => users.Exists(one => one.Name == user.Name))];

    private bool HasNamesakes(UserId user) => _users.Count(u => u.Name == _users.Single(one => one.Id == user).Name) > 1;

    private void Connect((UserId Id, string Name) user, bool appearsOnline)
    {
        lock (_gate)
        {
            var connection = nodes.Connect(user.Id, user.Name, appearsOnline);
            var own = new History(user.Id, connection.Session, connection.Node);
            foreach (var client in _clients)
                client.Expect(own);
            _histories.Add(connection.Session, own);
            if (appearsOnline)
                own.Show("");
            _clients.Add(new Client(this, connection, own));
        }
    }

    /// <summary>Everything comes to rest: each client ends up with the truth, and nothing comes after it (contract E3).</summary>
    private async Task SettleAsync()
    {
        foreach (var client in _clients.Where(c => !c.IsOver))
            await client.ResumeAsync();
        await AllAsync("answers its requests", c => !c.IsWaiting);
        await AllAsync("knows the truth", c => c.KnowsTheTruth);
        foreach (var client in _clients.Where(c => !c.IsOver))
            await client.PingAsync();
        await AllAsync("answers the last ping", c => !c.IsWaiting);
        foreach (var client in _clients.Where(c => !c.IsOver))
            await client.DisconnectAsync();
    }

    private async Task AllAsync(string what, Func<Client, bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        foreach (var client in _clients)
        {
            while (!client.IsOver)
            {
                Task news;
                lock (_gate)
                {
                    client.ThrowIfViolated();
                    if (condition(client))
                        break;
                    news = client.News;
                }

                try
                {
                    await news.WaitAsync(patience.Token);
                }
                catch (OperationCanceledException)
                {
                    lock (_gate)
                        throw new TimeoutException($"E3: {client} never {what}\n{client.Story}");
                }
            }
        }
    }

    /// <summary>One connection: what it asks for, what it is told, and what it must therefore believe.</summary>
    private sealed class Client
    {
        private readonly World _world;
        private readonly TestClient _connection;
        private readonly Queue<Asked> _asked = new();
        private readonly Dictionary<SessionId, View> _views = [];
        private readonly Dictionary<UserId, Following> _follows = [];
        private readonly StringBuilder _story = new();
        private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string? _violation;
        private bool _mayMerge;
        private bool _wasAnswered;

        public Client(World world, TestClient connection, History own)
        {
            _world = world;
            _connection = connection;
            Own = own;
            _mayMerge = world._mayMerge;
            foreach (var history in world._histories.Values.Where(h => h.User == own.User))
                _views[history.Session] = history == own ? View.FromTheStart() : View.Anywhere();
            foreach (var view in _views.Values)
                view.MayBeMerged = _mayMerge;
            _ = ListenAsync();
        }

        private enum Following
        {
            Certainly,

            /// <summary>By a name that perhaps nobody has had yet.</summary>
            Perhaps,
        }

        public History Own { get; }

        public bool IsOver { get; private set; }

        public bool IsWaiting => _asked.Count > 0;

        public bool IsStalled { get; private set; }

        public Task News => _news.Task;

        public string Story => _story.ToString();

        public bool KnowsTheTruth => _views.All(v => v.Value.KnowsTheEnd(_world._histories[v.Key]));

        /// <summary>Somebody has connected: a follower of that user will be told from the start.</summary>
        public void Expect(History history)
        {
            var view = history.User == Own.User ? _wasAnswered ? View.FromTheStart() : View.Anywhere()
                : _follows.TryGetValue(history.User, out var following)
                    ? following == Following.Certainly ? View.FromTheStart() : Unresolved(history)
                    : null;
            if (view is null)
                return;
            view.MayBeMerged = _mayMerge;
            _views[history.Session] = view;
        }

        /// <summary>
        /// A name that nobody has stands for the first user who comes with it, and one that somebody has for all who have it at that instant
        /// (contract F11). If several users have the name, a user whom the answer does not show may be followed or not.
        /// </summary>
        private View Unresolved(History history)
        {
            var view = View.Unresolved();
            view.MayBeIgnored = _world.HasNamesakes(history.User);
            return view;
        }

        public Task UpdateAsync(string? status) => AskAsync(cid => new ClientRequest.UpdateStatus(cid, status), () =>
        {
            var place = Own.Show(status);
            return _ => Own.Confirmed = Math.Max(Own.Confirmed, place);
        });

        public Task PingAsync() => AskAsync(cid => new ClientRequest.Ping(cid), () => _ => { });

        public Task UnfollowAsync(List<(UserId Id, string Name)> users) => AskAsync(
            cid => new ClientRequest.Unfollow(cid, [.. users.Select(u => u.Id.ToString())]),
            () => _ =>
            {
                foreach (var (user, _) in users.Where(u => u.Id != Own.User && _follows.Remove(u.Id)))
                {
                    foreach (var history in _world._histories.Values.Where(h => h.User == user))
                        _views.Remove(history.Session);
                }
            });

        public Task FollowAsync(List<(UserId Id, string Name)> users, bool byName) => AskAsync(
            cid => new ClientRequest.Follow(
                cid, byName ? [] : [.. users.Select(u => u.Id.ToString())], byName ? [.. users.Select(u => u.Name).Distinct()] : []),
            () =>
            {
                // On another node what was confirmed may follow as an event (contract S7).
                var atLeast = _world._histories.Values.ToDictionary(h => h.Session, h => h.Node == _connection.Node ? h.Confirmed : 0);
                return told => Learn(users, byName, atLeast, ((ServerMessage.Snapshot)told).Presences);
            });

        public async Task DisconnectAsync()
        {
            lock (_world._gate)
            {
                IsOver = true;
                Own.End();
                foreach (var client in _world._clients)
                    client.Tell();
            }

            await _connection.DisconnectAsync();
        }

        public void Stall()
        {
            lock (_world._gate)
            {
                _mayMerge = IsStalled = true;
                foreach (var view in _views.Values)
                    view.MayBeMerged = true;
                _connection.Link.IsWritable = false;
            }
        }

        public async Task ResumeAsync()
        {
            lock (_world._gate)
                IsStalled = false;
            _connection.Link.IsWritable = true;
            (await _connection.Link.Connection.WaitAsync(Patience)).Tell(LinkSignal.Drained.Instance);
        }

        public void ThrowIfViolated()
        {
            if (_violation is not null)
                throw new InvalidOperationException($"{_violation}\n{this}\n{Story}");
        }

        public override string ToString() => $"the connection {_connection.Session} of {_connection.Username}";

        private async Task AskAsync(Func<string, ClientRequest> request, Func<Action<ServerMessage>> begin)
        {
            ClientRequest asked;
            lock (_world._gate)
            {
                var cid = _connection.NewCid();
                asked = request(cid);
                _asked.Enqueue(new Asked(cid, begin()));
                _story.AppendLine(CultureInfo.InvariantCulture, $"  asks {Describe(asked)}");
            }

            await _connection.TellAsync(asked);
        }

        private async Task ListenAsync()
        {
            await foreach (var told in _connection.Link.Sent.ReadAllAsync())
            {
                lock (_world._gate)
                {
                    if (IsOver)
                        return;
                    try
                    {
                        Take(told);
                    }
                    catch (Exception e)
                    {
                        _violation ??= e.Message;
                    }

                    Tell();
                }
            }
        }

        private void Tell()
        {
            _news.TrySetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        private void Take(ServerMessage told)
        {
            switch (told)
            {
                case ServerMessage.StatusEvent change:
                    foreach (var (leave, join) in change.Changes)
                        TakeChange(change.User, leave, join);
                    break;
                case ServerMessage.Acknowledged { Cid: var cid }:
                    TakeReply(cid, told);
                    break;
                case ServerMessage.Pong { Cid: var cid }:
                    TakeReply(cid, told);
                    break;
                case ServerMessage.Snapshot { Cid: var cid }:
                    TakeReply(cid, told);
                    break;
                default:
                    throw new InvalidOperationException($"Told {told}");
            }
        }

        private void TakeReply(string? cid, ServerMessage told)
        {
            _story.AppendLine(CultureInfo.InvariantCulture, $"  gets the answer {Describe(told)}");
            if (_asked.Count == 0 || _asked.Peek().Cid != cid)
                throw new InvalidOperationException($"C1: the answer to {cid} is not the next one that is due");
            _asked.Dequeue().Answered(told);
            _wasAnswered = true;
        }

        private void TakeChange(UserId user, SessionStatus? leave, SessionStatus? join)
        {
            _story.AppendLine(CultureInfo.InvariantCulture, $"  is told of {_world.NameOf(user)} {(join ?? leave)!.Session}: {leave?.Status ?? "nothing"} -> {join?.Status ?? "nothing"}");
            if (user != Own.User && !_follows.ContainsKey(user))
                throw new InvalidOperationException($"E5: told of {user}, whom it does not follow");
            var history = _world._histories[(join ?? leave)!.Session];
            // It is followed, and so are the user's other sessions.
            foreach (var other in _world._histories.Values.Where(h => h.User == user))
            {
                if (_views.TryGetValue(other.Session, out var its))
                    its.MayBeIgnored = false;
            }

            var view = _views[history.Session];
            var before = view.ToString();
            view.Told(history, leave?.Status, join?.Status);
            if (!view.IsPossible)
                throw new InvalidOperationException($"E2: told {leave?.Status ?? "nothing"} -> {join?.Status ?? "nothing"} when at {before} of {history}");
        }

        private void Learn(
            List<(UserId Id, string Name)> users, bool byName, Dictionary<SessionId, int> atLeast, IReadOnlyCollection<UserSession> shown)
        {
            if (shown.Any(p => users.TrueForAll(u => u.Id != p.User)))
                throw new InvalidOperationException("F1: the answer names somebody who was not asked for");
            if (shown.Any(p => p.Status.Session == Own.Session))
                throw new InvalidOperationException("F9: the answer names the connection that asked");
            foreach (var (user, _) in users)
            {
                // A name says nothing of a user who has it no more, or not yet: only an answer that shows one of the user's
                // sessions is about that user.
                var isCertain = !byName || shown.Any(p => p.User == user);
                if (user != Own.User && (isCertain || !_follows.ContainsKey(user)))
                    _follows[user] = isCertain ? Following.Certainly : Following.Perhaps;
                foreach (var history in _world._histories.Values.Where(h => h.User == user && h != Own))
                {
                    var status = shown.Where(p => p.Status.Session == history.Session).Select(p => p.Status.Status).SingleOrDefault();
                    // Nothing can be confirmed of a session that opened after the follow was asked for.
                    var view = isCertain ? View.Shown(history, status, atLeast.GetValueOrDefault(history.Session)) : Unresolved(history);
                    if (_views.TryGetValue(history.Session, out var known))
                        view = isCertain ? known.And(view, history) : known;
                    view.MayBeMerged |= _mayMerge;
                    if (!view.IsPossible)
                        throw new InvalidOperationException($"F2: shown {status ?? "nothing"} when at {known?.ToString() ?? "no place"}, at least {atLeast.GetValueOrDefault(history.Session)}, of {history}");
                    _views[history.Session] = view;
                }
            }
        }

        private string Describe(ClientRequest request) => request switch
        {
            ClientRequest.Follow follow => $"{follow.Cid}: follow {string.Join(", ", follow.UserIds.Select(_world.NameOf))}{string.Join(", ", follow.Usernames.Select(n => n + " by name"))}",
            ClientRequest.Unfollow unfollow => $"{unfollow.Cid}: unfollow {string.Join(", ", unfollow.UserIds.Select(_world.NameOf))}",
            ClientRequest.UpdateStatus update => $"{update.Cid}: show {update.Status ?? "nothing"}",
            _ => $"{request.Cid}: a pong",
        };

        private string Describe(ServerMessage told) => told is ServerMessage.Snapshot snapshot
            ? $"{snapshot.Cid}: {string.Join(", ", snapshot.Presences.Select(p => $"{_world.NameOf(p.User)} {p.Status.Session} {p.Status.Status}"))}"
            : told.ToString();

        private sealed record Asked(string Cid, Action<ServerMessage> Answered);
    }
}
