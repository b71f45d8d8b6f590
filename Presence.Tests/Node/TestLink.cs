using System.Threading.Channels;
using Akka.Actor;
using Presence.Actors.Connections;

namespace Presence.Tests.Node;

/// <summary>A link without bytes: what the connection sends is kept in order, and how much the client takes is the test's to say.</summary>
public sealed class TestLink : ILink
{
    private readonly TaskCompletionSource<IActorRef> _connection = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ServerMessage> _sent = Channel.CreateUnbounded<ServerMessage>();
    private int _demand;

    public ChannelReader<ServerMessage> Sent => _sent.Reader;

    public Task<IActorRef> Connection => _connection.Task;

    public Task<CloseReason> Closed => _closed.Task;

    public int Demanded => Volatile.Read(ref _demand);

    /// <summary>Whether the client takes what it is sent.</summary>
    public bool IsWritable { get; set; } = true;

    public void Attach(IActorRef connection) => _connection.TrySetResult(connection);

    public void Demand(int requests) => Interlocked.Add(ref _demand, requests);

    public bool Send(ServerMessage message)
    {
        _sent.Writer.TryWrite(message);
        return IsWritable;
    }

    public void Close(CloseReason reason) => _closed.TrySetResult(reason);
}
