using System.Threading.Channels;
using Nakama;

namespace Presence.Tests.Sdk;

/// <summary>A user of the .NET SDK with one connection, and what the connection was told of statuses.</summary>
internal sealed class Player : IAsyncDisposable
{
    /// <summary>How long anything may take before a test calls it missing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<IStatusPresenceEvent> _told = Channel.CreateUnbounded<IStatusPresenceEvent>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Player(ISession session, ISocket socket)
    {
        Session = session;
        Socket = socket;
        socket.ReceivedStatusPresence += told => _told.Writer.TryWrite(told);
        socket.Closed += _ => _closed.TrySetResult();
    }

    public ISession Session { get; }

    public ISocket Socket { get; }

    public string UserId => Session.UserId;

    public string Username => Session.Username;

    /// <summary>Ends with the connection.</summary>
    public Task Closed => _closed.Task.WaitAsync(Patience);

    /// <summary>Whether something has arrived that no test has looked at.</summary>
    public bool HasUnread => _told.Reader.TryPeek(out _);

    /// <summary>The client of the SDK as an application makes it.</summary>
    public static Nakama.Client ClientOf(Uri server, string serverKey = "defaultkey") => new(server, serverKey);

    /// <summary>Connects a new user, with a new name.</summary>
    public static async Task<Player> ConnectAsync(Uri server, bool appearOnline = false, string? username = null)
    {
        var session = await ClientOf(server).AuthenticateCustomAsync($"{Guid.NewGuid()}", username);
        return await ConnectAsync(server, session, appearOnline);
    }

    /// <summary>Makes another connection of a user.</summary>
    public static async Task<Player> ConnectAsync(
        Uri server, ISession session, bool appearOnline = false, ISocketAdapter? adapter = null)
    {
        var client = ClientOf(server);
        var player = new Player(session, adapter is null ? Nakama.Socket.From(client) : Nakama.Socket.From(client, adapter));
        await player.Socket.ConnectAsync(session, appearOnline);
        return player;
    }

    public Task UpdateAsync(string status) => Socket.UpdateStatusAsync(status).WaitAsync(Patience);

    public Task EraseAsync() => Socket.UpdateStatusAsync(null).WaitAsync(Patience);

    /// <summary>Follows users by id and answers with what is to be seen of them, in an order to rely on.</summary>
    public Task<IUserPresence[]> FollowAsync(params string[] userIds) => FollowAsync(userIds, []);

    /// <inheritdoc cref="FollowAsync(string[])"/>
    public async Task<IUserPresence[]> FollowAsync(string[] userIds, string[] usernames)
    {
        var answer = await Socket.FollowUsersAsync(userIds, usernames).WaitAsync(Patience);
        return [.. answer.Presences.OrderBy(presence => presence.Status, StringComparer.Ordinal)];
    }

    public Task UnfollowAsync(params string[] userIds) => Socket.UnfollowUsersAsync(userIds).WaitAsync(Patience);

    /// <summary>The next thing that the connection was told, waited for if need be.</summary>
    public async Task<StatusChange> NextAsync() =>
        StatusChange.Of(await _told.Reader.ReadAsync().AsTask().WaitAsync(Patience));

    public async ValueTask DisposeAsync()
    {
        if (Socket.IsConnected)
            await Socket.CloseAsync();
    }
}
