using Microsoft.AspNetCore.Connections;

namespace Presence.Host.Links.Admission;

/// <summary>The time that the client of a Kestrel connection has to authenticate, for a reader that answers when it is over.</summary>
internal sealed class HandshakeTime : IPlaceOwner, IThreadPoolWorkItem, IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ConnectionContext _connection;

    /// <summary>From now on the reader of the connection closes it when its time is over.</summary>
    public HandshakeTime(ConnectionContext connection)
    {
        _connection = connection;
        Place = connection.Features.Get<SocketPlace>();
        Place?.PassTo(this);
    }

    /// <summary>The place of the connection; null if it is not counted.</summary>
    public SocketPlace? Place { get; }

    /// <summary>Is cancelled when the time is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <inheritdoc/>
    void IPlaceOwner.Close(PlaceEnd reason)
    {
        if (reason == PlaceEnd.Displaced)
            _connection.Abort();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The reader has what it waited for.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _over.Dispose();
}
