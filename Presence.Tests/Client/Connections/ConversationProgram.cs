using CsCheck;
using Presence.Client;
using Presence.Client.Connections;
using Presence.Client.Links;
using Presence.Client.Rosters;
using Presence.Client.Wire;
using Xunit;

namespace Presence.Tests.Client.Connections;

/// <summary>
/// A random life of a client against a small server that keeps the contract: users come, change and go, the client follows, unfollows, shows
/// statuses, cancels, and loses its link at any point, with whatever was on its way. Two consumers add up what they are told, a quick one and one
/// that hardly ever looks. A name is that of a user who shows something; the server may keep it for who comes later (contract F6), or skip it, as
/// Nakama does.
/// </summary>
internal sealed class ConversationProgram
{
    public static readonly Gen<(int Kind, int User, int Text)[]> Steps =
        Gen.Select(Gen.Int[0, 18], Gen.Int[0, 2], Gen.Int[0, 5], (kind, user, text) => (kind, user, text)).Array[0, 120];

    private static readonly Guid[] Users = [.. Enumerable.Range(0, 3).Select(_ => Guid.NewGuid())];

    private readonly Conversation _client;
    private readonly List<Consumer> _consumers;
    private readonly bool _isAwaiting;
    private readonly HashSet<Guid> _wanted = [];
    private readonly List<Task> _calls = [];
    private readonly Queue<ServerMessage> _toClient = new();
    private readonly HashSet<Guid> _followed = [];
    private readonly HashSet<string> _awaited = [];
    private Roster _truth = Roster.Empty;
    private string? _status;
    private string? _shown;
    private bool _isUp;

    private ConversationProgram(bool isAwaiting)
    {
        _isAwaiting = isAwaiting;
        _client = new Conversation(new PresenceClientOptions
        {
            Server = new Uri("ws://nowhere"),
            TokenProvider = (_, _) => throw new InvalidOperationException("Nobody connects."),
            Backlog = 2,
        });
        _consumers = [new Consumer(_client), new Consumer(_client)];
    }

    /// <param name="isAwaiting">Whether the server keeps names that nobody has.</param>
    /// <param name="steps">What happens.</param>
    public static void Run(bool isAwaiting, (int Kind, int User, int Text)[] steps)
    {
        var program = new ConversationProgram(isAwaiting);
        foreach (var step in steps)
        {
            program.Take(step);
            program.Check();
        }

        program.Settle();
    }

    private void Take((int Kind, int User, int Text) step)
    {
        var user = Users[step.User];
        switch (step.Kind)
        {
            case < 4:
                Show(user, $"s{step.Text % 2}", step.Text < 2 ? null : $"{step.Text}");
                break;
            case 4:
                Follow(step.Text < 4 ? [user] : Users, [], isCancelled: step.Text < 2);
                break;
            case 18:
                Follow([], [NameOf(user)], isCancelled: false);
                break;
            case 5:
                Unfollow(user);
                break;
            case 6:
                _status = step.Text == 0 ? null : $"{step.Text}";
                _calls.Add(_client.UpdateStatusAsync(_status, default));
                break;
            case 7 when step.Text < 3:
                Down();
                break;
            case 7 or 8 when !_isUp:
                Up();
                break;
            case < 13:
                Serve();
                break;
            case < 17:
                Deliver();
                break;
            default:
                _consumers[0].Take();
                if (step.Text == 0)
                    _consumers[1].Take(most: 1);
                break;
        }
    }

    private void Check()
    {
        foreach (var consumer in _consumers)
            consumer.Check();
    }

    private void Settle()
    {
        if (!_isUp)
            Up();
        while (Serve() | Deliver())
            Check();
        Assert.True(Task.WaitAll([.. _calls], TimeSpan.FromSeconds(30)), "what was asked for is not in force");
        Assert.True(_client.State.IsConnected);
        Assert.True(_client.Roster.IsCurrent);
        Assert.Equal(_status, _shown);
        Assert.Equal(_status, _client.Shown);
        Assert.Empty(_followed.Except(_wanted));
        if (_isAwaiting)
            Assert.All(_wanted, user => Assert.True(_followed.Contains(user) || _awaited.Contains(NameOf(user)), "the server does not follow who is wanted"));
        // Where names are skipped, who came after the last link did is not known.
        var truth = _truth.Where(p => _followed.Contains(p.UserId)).Select(p => $"{p}").Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(truth, Text(_client.Roster));
        foreach (var consumer in _consumers)
        {
            consumer.Take();
            consumer.Check();
            Assert.Equal(truth, Text(consumer.Believed));
        }
    }

    private static string[] Text(Roster roster) => [.. roster.Select(p => $"{p}").Order(StringComparer.Ordinal)];

    // ---- the caller

    private static string NameOf(Guid user) => $"user{Array.IndexOf(Users, user)}";

    private void Follow(Guid[] users, string[] names, bool isCancelled)
    {
        using var cancel = new CancellationTokenSource();
        var call = _client.FollowAsync(new(users, names), cancel.Token);
        if (isCancelled)
        {
            cancel.Cancel();
            return;
        }

        _wanted.UnionWith(users.Concat(Users.Where(user => names.Contains(NameOf(user)))));
        _calls.Add(call);
    }

    private void Unfollow(Guid user)
    {
        _wanted.Remove(user);
        _calls.Add(_client.UnfollowAsync([user], default));
    }

    // ---- the link

    private void Up()
    {
        (_isUp, _shown) = (true, null);
        _followed.Clear();
        _awaited.Clear();
        _toClient.Clear();
        _client.LinkUp(new Identity(Guid.Empty, "me", null), beganOnline: false);
    }

    private void Down()
    {
        if (!_isUp)
            return;
        _isUp = false;
        _client.LinkDown(LinkEnd.Plain, (error, _) => new ConnectionState(ConnectionPhase.Reconnecting, error, TimeSpan.Zero));
        Assert.False(_client.Roster.IsCurrent);
    }

    private bool Deliver()
    {
        if (!_isUp || !_toClient.TryDequeue(out var message))
            return false;
        _client.Received(message);
        return true;
    }

    // ---- the server

    private void Show(Guid user, string session, string? status)
    {
        var key = new PresenceKey(user, session);
        var (old, shown) = (_truth.Of(key), status is null ? null : new UserPresence(user, session, NameOf(user), status));
        if (old is null && shown is null)
            return;
        _truth = _truth.With(key, shown);
        if (_awaited.Remove(NameOf(user)))
            _followed.Add(user);
        if (_isUp && _followed.Contains(user))
            _toClient.Enqueue(new ServerMessage.StatusEvent(shown is null ? [] : [shown], old is null ? [] : [old]));
    }

    private bool Serve()
    {
        if (!_isUp || Talk.TakeRequest(_client) is not { } request)
            return false;
        var (cid, name, body) = request;
        switch (name)
        {
            case "status_update":
                _shown = body.TryGetProperty("status", out var status) ? status.GetString() : null;
                _toClient.Enqueue(new ServerMessage.Acknowledged(cid));
                break;
            case "status_follow":
                var names = body.GetProperty("usernames").EnumerateArray().Select(u => u.GetString()!).ToList();
                var users = body.GetProperty("user_ids").EnumerateArray().Select(u => u.GetGuid()).ToHashSet();
                users.UnionWith(_truth.OnlineUsers.Where(u => names.Contains(NameOf(u))));
                if (_isAwaiting)
                    _awaited.UnionWith(names.Except(users.Select(NameOf)));
                _followed.UnionWith(users);
                _toClient.Enqueue(new ServerMessage.Snapshot(cid, [.. _truth.Where(p => users.Contains(p.UserId))]));
                break;
            default:
                _followed.ExceptWith(body.GetProperty("user_ids").EnumerateArray().Select(u => u.GetGuid()));
                _toClient.Enqueue(new ServerMessage.Acknowledged(cid));
                break;
        }

        return true;
    }

    /// <summary>
    /// Begins at the roster and adds up. Answers and unfollows are in the subscription's own roster at once; a change must begin where that is.
    /// </summary>
    private sealed class Consumer
    {
        private readonly StatusSubscription _told;
        private readonly Conversation _client;

        public Consumer(Conversation client)
        {
            _client = client;
            _told = client.Subscribe(toOwn: false);
            Believed = _told.Roster;
        }

        public Roster Believed { get; private set; }

        public void Take(int most = int.MaxValue)
        {
            Believed = _told.Roster;
            for (; most > 0 && _told.TryTake(out var change); most--)
            {
                Assert.Equal(Believed.Of(change.Key), change.Before);
                Believed = Believed.With(change.Key, change.Shown);
                Assert.Equal(Text(Believed), Text(_told.Roster));
            }
        }

        /// <summary>What has been told and what has not make up the roster; memory is bounded by what is followed (contract L1).</summary>
        public void Check()
        {
            var told = _told.Roster;
            Assert.All(told, p => Assert.NotNull(p.Status));
            Assert.InRange(told.Count, 0, 2 * Users.Length);
            Assert.InRange(_client.Roster.Count, 0, 2 * Users.Length);
        }
    }
}
