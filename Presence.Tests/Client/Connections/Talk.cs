using System.Text;
using System.Text.Json;
using Presence.Client;
using Presence.Client.Connections;
using Presence.Client.Links;
using Presence.Client.Wire;
using Xunit;

namespace Presence.Tests.Client.Connections;

/// <summary>A conversation whose server is the test: it sees what the client writes, and says what it likes.</summary>
internal sealed class Talk
{
    public static readonly Guid Me = Guid.NewGuid();
    public static readonly Guid Alice = Guid.NewGuid();
    public static readonly Guid Bob = Guid.NewGuid();

    private string? _cid;

    public Talk(string? status = null, int backlog = 1024)
    {
        Conversation = new Conversation(new PresenceClientOptions
        {
            Server = new Uri("ws://nowhere"),
            TokenProvider = (_, _) => throw new InvalidOperationException("Nobody connects."),
            AppearOnline = status is not null,
            Backlog = backlog,
        });
        Changes = Conversation.Subscribe(toOwn: false);
        Own = Conversation.Subscribe(toOwn: true);
    }

    public Conversation Conversation { get; }

    public Roster Roster => Conversation.Roster;

    public StatusSubscription Changes { get; }

    public StatusSubscription Own { get; }

    public static UserPresence Shown(string status, string session = "s1", Guid? user = null) =>
        new(user ?? Alice, session, (user ?? Alice) == Alice ? "alice" : (user ?? Alice) == Bob ? "bob" : "me", status);

    public static StatusChange Change(string? old, string? now, string session = "s1", Guid? user = null)
    {
        var shown = Shown("", session, user);
        return new StatusChange(shown.UserId, session, shown.Username, old, now);
    }

    /// <summary>Ends when the link that came up last is of no use.</summary>
    public Task<PresenceConnectionException>? Dropped { get; private set; }

    /// <summary>A link comes up.</summary>
    public void Up(bool beganOnline = false) => Dropped = Conversation.LinkUp(new Identity(Me, "me", null), beganOnline);

    /// <summary>The link is lost, and the client will try again.</summary>
    public ConnectionState Down(int? closeCode = null) => Conversation.LinkDown(
        new LinkEnd(closeCode, null), (error, _) => new ConnectionState(ConnectionPhase.Reconnecting, error, TimeSpan.Zero));

    /// <summary>
    /// The next thing that the client has written, as <c>update one</c>, <c>erase</c>, <c>follow alice bob</c>, <c>unfollow alice</c> or
    /// <c>ping</c>; null if there is none. It can be answered then.
    /// </summary>
    public string? Asked()
    {
        if (TakeRequest(Conversation) is not { } request)
            return null;
        _cid = request.Cid;
        return request.Name switch
        {
            "status_update" => request.Body.TryGetProperty("status", out var status) ? $"update {status.GetString()}" : "erase",
            "status_follow" => $"follow {Users(request.Body, "user_ids")}{Users(request.Body, "usernames")}".TrimEnd(),
            "status_unfollow" => $"unfollow {Users(request.Body, "user_ids")}".TrimEnd(),
            var other => other,
        };
    }

    /// <summary>The next request that a client has written as JSON; null if there is none.</summary>
    public static (string Cid, string Name, JsonElement Body)? TakeRequest(Conversation client)
    {
        var outgoing = client.OutgoingAsync(new CancellationToken(canceled: true));
        if (!outgoing.IsCompletedSuccessfully)
            return null;
        using var json = JsonDocument.Parse(outgoing.Result);
        var envelope = json.RootElement.Clone();
        var request = envelope.EnumerateObject().Last();
        return (envelope.GetProperty("cid").GetString()!, request.Name, request.Value);
    }

    /// <summary>What has been asked last is acknowledged.</summary>
    public void Acknowledge() => Conversation.Received(new ServerMessage.Acknowledged(_cid));

    /// <summary>The follow that has been asked last is answered.</summary>
    public void Answer(params UserPresence[] presences) => Conversation.Received(new ServerMessage.Snapshot(_cid, presences));

    /// <summary>What has been asked last is refused.</summary>
    public void Refuse(string message = "no") => Conversation.Received(new ServerMessage.Failed(_cid, 3, message));

    public void Tell(UserPresence? leave, UserPresence? join) =>
        Conversation.Received(new ServerMessage.StatusEvent(join is null ? [] : [join], leave is null ? [] : [leave]));

    public void Say(ServerMessage message) => Conversation.Received(message);

    public Task<IReadOnlyList<UserPresence>> Follow(params Guid[] users) => Conversation.FollowAsync(new(users, []), default);

    public static List<StatusChange> Take(StatusSubscription subscription)
    {
        var all = new List<StatusChange>();
        while (subscription.TryTake(out var change))
            all.Add(change);
        return all;
    }

    /// <summary>Alice is followed, which the caller gives up while it is on its way; what follows is the server's answer.</summary>
    public async Task GiveUpAliceAsync()
    {
        using var cancel = new CancellationTokenSource();
        var follow = Conversation.FollowAsync(new([Alice], []), cancel.Token);
        Assert.Equal("follow alice", Asked());
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follow);
    }

    /// <summary>A name is followed that nobody has yet.</summary>
    public async Task AwaitNameAsync(string name)
    {
        var follow = Conversation.FollowAsync(new([], [name]), default);
        Asked();
        Answer();
        await follow;
    }

    /// <summary>Follows alice, who shows this.</summary>
    public async Task FollowAliceAsync(params UserPresence[] shown)
    {
        var follow = Follow(Alice);
        Asked();
        Answer(shown);
        await follow;
    }

    private static string Users(JsonElement request, string list)
    {
        var text = new StringBuilder();
        foreach (var name in request.GetProperty(list).EnumerateArray().Select(n => n.GetString()!))
            text.Append(name == $"{Alice}" ? "alice" : name == $"{Bob}" ? "bob" : name).Append(' ');
        return text.ToString();
    }
}
