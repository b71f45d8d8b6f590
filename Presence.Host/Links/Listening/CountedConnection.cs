using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Presence.Host.Links.Admission;

namespace Presence.Host.Links.Listening;

/// <summary>A connection of Kestrel's that gives its place in the node's count back when Kestrel has closed it.</summary>
internal sealed class CountedConnection : ConnectionContext, IPlaceOwner
{
    private readonly ConnectionContext _connection;
    private readonly SocketPlace _place;

    /// <param name="connection">The connection of the transport.</param>
    /// <param name="place">Its place, which is also one of the connection's features.</param>
    public CountedConnection(ConnectionContext connection, SocketPlace place)
    {
        _connection = connection;
        _place = place;
        connection.Features.Set(place);
    }

    /// <inheritdoc/>
    public override string ConnectionId
    {
        get => _connection.ConnectionId;
        set => _connection.ConnectionId = value;
    }

    /// <inheritdoc/>
    public override IFeatureCollection Features => _connection.Features;

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items
    {
        get => _connection.Items;
        set => _connection.Items = value;
    }

    /// <inheritdoc/>
    public override IDuplexPipe Transport
    {
        get => _connection.Transport;
        set => _connection.Transport = value;
    }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed
    {
        get => _connection.ConnectionClosed;
        set => _connection.ConnectionClosed = value;
    }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint
    {
        get => _connection.LocalEndPoint;
        set => _connection.LocalEndPoint = value;
    }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint
    {
        get => _connection.RemoteEndPoint;
        set => _connection.RemoteEndPoint = value;
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort(abortReason);

    /// <inheritdoc/>
    public override void Abort() => _connection.Abort();

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _place.Dispose();
        }

        await base.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    void IPlaceOwner.Close(PlaceEnd reason) => ThreadPool.UnsafeQueueUserWorkItem(
        static connection => connection.Abort(new ConnectionAbortedException("The client has not authenticated in time.")), _connection, preferLocal: false);
}
