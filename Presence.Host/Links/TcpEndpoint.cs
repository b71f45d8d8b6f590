using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Codecs;
using Presence.Host.Links.Framing;
using Presence.Host.Links.Loops;
using Presence.Host.Load;

namespace Presence.Host.Links;

/// <summary>
/// The TCP port where it has TLS: reads the hello that stands for what a WebSocket says in its URL, then turns the connection into a link. What
/// is refused is told in one line of JSON, and then the connection is closed.
/// </summary>
internal sealed partial class TcpEndpoint(
    TokenValidator tokens,
    LinkOpening opening,
    UserLinks users,
    LoopSet loops,
    LinkAdmission admission,
    LoadShedding shedding,
    IOptions<PresenceOptions> options,
    ILogger<TcpEndpoint> log) : ConnectionHandler
{
    // How long a refused client has to take the reason, and how much of what it still sends is read for its sake.
    private static readonly TimeSpan RefusalWait = TimeSpan.FromSeconds(1);

    private readonly LimitSettings _limits = options.Value.Limits;

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        try
        {
            if (admission.IsClosed)
                await RefuseForStopAsync(connection).ConfigureAwait(false);
            else if (shedding.Refuses())
                await RefuseBeforeHelloAsync(connection, LoadShedding.Text).ConfigureAwait(false);
            else
                await ServeAsync(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            Gone(connection.ConnectionId);
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        KeepAlive(connection);
        var transport = connection.Transport;
        using var time = new HandshakeTime(connection);
        var (hello, fault) = await ReadHelloAsync(transport.Input, time.Over).ConfigureAwait(false);
        time.Place?.Establish();
        if (hello is null)
        {
            await RefuseAsync(transport, fault).ConfigureAwait(false);
            return;
        }

        var result = await tokens.ValidateAsync(hello.Token).ConfigureAwait(false);
        if (result.Claims?.ToIdentity() is not { } identity)
        {
            await RefuseAsync(transport, result.IsUnavailable ? PlainLinks.NoKeys() : PlainLinks.BadToken).ConfigureAwait(false);
            return;
        }

        // The stop may have begun while the hello was awaited.
        if (admission.IsClosed)
        {
            await RefuseForStopAsync(connection).ConfigureAwait(false);
            return;
        }

        if (users.RefusalOf(identity) is { } refusal)
        {
            users.CountRefusal(refusal.Limit);
            await RefuseAsync(transport, refusal.Sentence).ConfigureAwait(false);
            return;
        }

        var session = SessionId.New();
        var welcome = LinkFormat.Lines.Frame(new ServerMessage.Welcome(identity.User, session, identity.Username));
        var link = opening.Make(identity, LinkFormat.OfPlain(hello.Format), holdsFirstFrame: false, welcome, hello.AnswersPings, hello.ReplyBytes);
        var loop = loops.Next();
        var carrier = new PipeCarrier(link, transport, connection.Abort, loop, connection.Features.Get<IConnectionSocketFeature>()?.Socket);
        opening.Open(link, session, identity, hello.ShowsStatus, loop);
        await carrier.RunAsync().ConfigureAwait(false);
    }

    /// <summary>Reads the first line; null and the reason if there is no hello in it.</summary>
    private async Task<(Hello? Hello, string Fault)> ReadHelloAsync(PipeReader input, CancellationToken time)
    {
        using var framing = new LineFraming(_limits.MessageBytes);
        while (true)
        {
            ReadResult read;
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(time);
            if (framing.AwaitsLineFeed)
                wait.CancelAfter(PlainLinks.LineFeedWait);
            try
            {
                read = await input.ReadAsync(wait.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (wait.IsCancellationRequested)
            {
                return (null, time.IsCancellationRequested ? PlainLinks.LateHello : LineFraming.BareReturn);
            }

            var rest = read.Buffer;
            if (framing.TryRead(ref rest, out var frame))
            {
                ClientRequest.Malformed? fault = frame.Fault;
                Hello? hello = null;
                if (fault is null)
                    Hello.TryRead(frame.Payload, out hello, out fault);
                input.AdvanceTo(rest.Start);
                return (hello, fault?.Message ?? "");
            }

            input.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted)
                return (null, PlainLinks.NoHello);
        }
    }

    /// <summary>Refuses a link because the node stops: as a link is told that ends for a stop.</summary>
    private static Task RefuseForStopAsync(ConnectionContext connection) => RefuseBeforeHelloAsync(connection, CloseReason.Restart.Text);

    private static Task RefuseBeforeHelloAsync(ConnectionContext connection, string why)
    {
        // The refusal has a time of its own.
        connection.Features.Get<SocketPlace>()?.Establish();
        return RefuseAsync(connection.Transport, why, ErrorCode.RuntimeException);
    }

    /// <summary>
    /// Tells why, and reads what the client still sends for a moment: bytes that nobody reads would make the network drop the
    /// answer.
    /// </summary>
    private static async Task RefuseAsync(IDuplexPipe transport, string why, ErrorCode code = ErrorCode.BadInput)
    {
        JsonCodec.Instance.Encode(new ServerMessage.Failed(null, code, why), transport.Output);
        transport.Output.Write("\n"u8);
        await transport.Output.FlushAsync().ConfigureAwait(false);
        using var time = new CancellationTokenSource(RefusalWait);
        while (true)
        {
            var read = await transport.Input.ReadAsync(time.Token).ConfigureAwait(false);
            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }

    private void KeepAlive(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            return;
        var probes = PlainLinks.KeepAlive(_limits);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, probes.Idle);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, probes.Interval);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, probes.Count);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "TCP connection {Connection} closed before its link began.")]
    private partial void Gone(string connection);
}
