using System.Net;
using Microsoft.AspNetCore.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links;

/// <summary>
/// Stands between TLS and the HTTP server on Kestrel's connections: makes a link of the plain request for <c>/ws</c> that a
/// connection begins with, and leaves everything else, untouched, to the server. A link that the server knows nothing of costs
/// half the memory of an upgraded request, and none of the server's work per write.
/// </summary>
internal sealed class PipeFront(UpgradeGate gate, LinkOpening opening, LoopSet loops)
{
    // Then the server reads on, with its own clocks.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Serves a connection to its end.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="server">The HTTP server.</param>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate server)
    {
        if (await AcceptAsync(connection).ConfigureAwait(false) is not { } accepted)
        {
            await server(connection).ConfigureAwait(false);
            return;
        }

        var loop = loops.Next();
        var link = opening.Make(accepted);
        var carrier = new PipeCarrier(link, connection.Transport, connection.Abort, loop);
        opening.Open(link, SessionId.New(), accepted.Identity, accepted.AppearsOnline, loop);
        await carrier.RunAsync().ConfigureAwait(false);
    }

    /// <summary>What the gate says of the first request, if that is ours; null leaves every byte where it is.</summary>
    private async ValueTask<UpgradeOutcome.Accepted?> AcceptAsync(ConnectionContext connection)
    {
        var input = connection.Transport.Input;
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                var read = await input.ReadAsync(patience.Token).ConfigureAwait(false);
                var begin = read.Buffer.Start;
                var verdict = RequestHead.TryParse(read.Buffer, address, out var request, out var length);
                if (verdict == HeadVerdict.Incomplete && !read.IsCompleted)
                {
                    input.AdvanceTo(begin, read.Buffer.End);
                    continue;
                }

                var accepted = verdict == HeadVerdict.Ours
                    ? await gate.DecideAsync(request!, CancellationToken.None).ConfigureAwait(false) as UpgradeOutcome.Accepted
                    : null;
                // The server reads on where this has begun.
                input.AdvanceTo(accepted is null ? begin : read.Buffer.GetPosition(length));
                return accepted;
            }
            catch (OperationCanceledException)
            {
                // What has come counts as seen, and the server would wait for more before it looks at it: this has it look at once.
                input.CancelPendingRead();
                return null;
            }
            catch (Exception e) when (e is IOException or ConnectionResetException)
            {
                // The server will find that out, too.
                return null;
            }
        }
    }
}
