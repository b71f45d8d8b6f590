using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links;

/// <summary>
/// Stands between TLS and the HTTP server on Kestrel's connections: makes a link of the plain request for <c>/ws</c> that a
/// connection begins with, and leaves everything else, untouched, to the server, when the request head is whole. A link that the
/// server knows nothing of costs half the memory of an upgraded request, and none of the server's work per write.
/// </summary>
internal sealed class PipeFront(UpgradeGate gate, LinkOpening opening, LoopSet loops)
{
    // As for a connection without TLS (Newcomer).
    private const int LooksWithoutPause = 16;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Serves a connection to its end.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="server">The HTTP server.</param>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate server)
    {
        var (verdict, upgraded) = await ReadHeadAsync(connection).ConfigureAwait(false);
        if (upgraded is not null)
        {
            var loop = loops.Next();
            var link = opening.Make(upgraded, answers: true);
            var carrier = new PipeCarrier(link, connection.Transport, connection.Abort, loop, connection.Features.Get<IConnectionSocketFeature>()?.Socket);
            opening.Open(link, upgraded, loop);
            await carrier.RunAsync().ConfigureAwait(false);
        }
        else if (verdict == FirstBytesVerdict.Complete)
        {
            if (connection is IPlaceOwner owner)
                connection.Features.Get<SocketPlace>()?.PassTo(owner);
            await server(connection).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Reads until the first request head is whole, and leaves every byte where it is unless the request becomes a link. If the
    /// head is not whole in time, the client is told so, and the verdict is that it is not.
    /// </summary>
    private async ValueTask<(FirstBytesVerdict Verdict, UpgradeOutcome.Upgraded? Upgraded)> ReadHeadAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        using var time = new HandshakeTime(connection);
        var hasSent = false;
        for (var looks = 1; ; looks++)
        {
            try
            {
                var read = await input.ReadAsync(time.Over).ConfigureAwait(false);
                hasSent |= !read.Buffer.IsEmpty;
                var begin = read.Buffer.Start;
                var verdict = RequestHead.TryParse(read.Buffer, address, out var request, out var length);
                if (!read.IsCompleted && (verdict == HeadVerdict.Incomplete || (verdict == HeadVerdict.NotOurs && !IsWhole(read.Buffer))))
                {
                    input.AdvanceTo(begin, read.Buffer.End);
                    if (looks >= LooksWithoutPause)
                        await Task.Delay(Pause, time.Over).ConfigureAwait(false);
                    continue;
                }

                UpgradeOutcome.Upgraded? upgraded = null;
                if (verdict == HeadVerdict.Ours)
                {
                    time.Place?.Establish();
                    upgraded = await gate.DecideAsync(request!, CancellationToken.None).ConfigureAwait(false) as UpgradeOutcome.Upgraded;
                }

                // The server reads on where this has begun.
                input.AdvanceTo(upgraded is null ? begin : read.Buffer.GetPosition(length));
                return (FirstBytesVerdict.Complete, upgraded);
            }
            catch (OperationCanceledException) when (time.Over.IsCancellationRequested)
            {
                if (hasSent)
                    await TellLateAsync(connection).ConfigureAwait(false);
                return (FirstBytesVerdict.Incomplete, null);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                // The connection is gone.
                return (FirstBytesVerdict.Incomplete, null);
            }
        }
    }

    private static bool IsWhole(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
            return FirstBytes.OfHttp(bytes.FirstSpan) != FirstBytesVerdict.Incomplete;
        var length = (int)Math.Min(bytes.Length, RequestHead.LineBytes + RequestHead.HeaderBytes + 1);
        var copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            bytes.Slice(0, length).CopyTo(copy);
            return FirstBytes.OfHttp(copy.AsSpan(0, length)) != FirstBytesVerdict.Incomplete;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy, clearArray: true);
        }
    }

    private static async ValueTask TellLateAsync(ConnectionContext connection)
    {
        try
        {
            await connection.Transport.Output.WriteAsync(RefusalAnswers.Late(DateTimeOffset.UtcNow)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection is gone.
        }
    }
}
