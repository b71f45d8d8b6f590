using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Presence.Actors.Telemetry;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Upgrade;

namespace Presence.Host.Links;

/// <summary>
/// <c>GET /ws</c> as the HTTP server brings it: what the gate upgrades becomes a link, and what it refuses is told so in plain
/// text.
/// </summary>
internal sealed class WebSocketEndpoint(UpgradeGate gate, LinkOpening opening, LoopSet loops, Refusals refusals)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/ws";

    /// <summary>Serves one request, and its link to the end.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        // Routing takes other cases and a slash at the end for the same; the protocol does not (section A1).
        if (!string.Equals(context.Request.Path.Value, Path, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // Routing takes methods in any case; their names are case-sensitive (RFC 9110, section 9.1).
        if (context.Request.Method != "GET")
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        switch (await gate.DecideAsync(UpgradeRequest.Of(context), context.RequestAborted).ConfigureAwait(false))
        {
            case UpgradeOutcome.Upgraded upgraded:
                await RunAsync(context, upgraded).ConfigureAwait(false);
                break;
            case UpgradeOutcome.Refused refused:
                if (refused.Limit is { } limit)
                    refusals.Count(limit);
                await RefuseAsync(context, refused).ConfigureAwait(false);
                break;
        }
    }

    private async Task RunAsync(HttpContext context, UpgradeOutcome.Upgraded upgraded)
    {
        var loop = loops.Next();
        var link = opening.Make(upgraded, answers: false);
        opening.Open(link, upgraded, loop);
        await opening.StartedAsync(link).ConfigureAwait(false);
        StreamTransport transport;
        try
        {
            // The link has a clock of its own for clients that take nothing (contract L1); the server's would cut one off that
            // has been fed slowly and stalls for some seconds.
            if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } pace)
                pace.MinDataRate = null;
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.SecWebSocketAccept = upgraded.Accept;
            if (upgraded.SubProtocol is not null)
                context.Response.Headers.SecWebSocketProtocol = upgraded.SubProtocol;
            transport = new StreamTransport(await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync().ConfigureAwait(false));
        }
        catch
        {
            link.GiveUp();
            link.Over();
            throw;
        }

        var socket = context.Features.Get<IConnectionSocketFeature>()?.Socket;
        await new PipeCarrier(link, transport, context.Abort, loop, socket).RunAsync().ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context, UpgradeOutcome.Refused refused)
    {
        var response = context.Response;
        response.StatusCode = refused.Status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.XContentTypeOptions = "nosniff";
        if (refused.Header is var (name, value))
            response.Headers[name] = value;
        return response.WriteAsync(refused.Text + "\n", context.RequestAborted);
    }

    /// <summary>The stream of an upgraded request as the two ends of a link.</summary>
    private sealed class StreamTransport(Stream stream) : IDuplexPipe
    {
        // Reading waits without a buffer, so that an idle link costs none.
        private static readonly StreamPipeReaderOptions Reading = new(useZeroByteReads: true, leaveOpen: true);
        private static readonly StreamPipeWriterOptions Writing = new(leaveOpen: true);

        public PipeReader Input { get; } = PipeReader.Create(stream, Reading);

        public PipeWriter Output { get; } = PipeWriter.Create(stream, Writing);
    }
}
