using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Http;
using Presence.Host.Links.Framing;

namespace Presence.Host.Links;

/// <summary>
/// <c>GET /ws</c>: checks the request in the protocol's order (format, token, upgrade), then turns it into a link. What is
/// refused is refused before the upgrade, in plain text and without detail (contract A1).
/// </summary>
internal sealed class WebSocketEndpoint(
    TokenValidator tokens, LinkOpening opening, LinkLoops loops, LinkAdmission admission, AllowedOrigins origins, IOptions<PresenceOptions> options)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/ws";

    private const string Bearer = "Bearer ";
    private const string BearerProtocol = "bearer";

    private readonly LimitSettings _limits = options.Value.Limits;

    /// <summary>Serves one request, and its link to the end.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var request = context.Request;
        // Routing takes other cases and a slash at the end for the same; the protocol does not (section A1).
        if (!string.Equals(request.Path.Value, Path, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (FormatOf(request.Query["format"]) is not { } format)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "Invalid format parameter").ConfigureAwait(false);
            return;
        }

        var (token, subProtocol) = TokenOf(request);
        if (token is null
            || await tokens.ValidateAsync(token, context.RequestAborted).ConfigureAwait(false) is not { } identity)
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "Missing or invalid token").ConfigureAwait(false);
            return;
        }

        if (!WebSocketHandshake.TryAccept(request.Headers, out var accept)
            || context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
        {
            context.Response.Headers.SecWebSocketVersion = WebSocketHandshake.Version;
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "Bad Request").ConfigureAwait(false);
            return;
        }

        if (!origins.Allows(request.Headers.Origin))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Origin not allowed").ConfigureAwait(false);
            return;
        }

        using var place = admission.TryEnter(context.Connection.RemoteIpAddress);
        if (place is null)
        {
            // Of a node that stops, another takes over in a moment; a full one stays full for longer.
            context.Response.Headers.RetryAfter = admission.IsClosed ? "1" : "5";
            await RefuseAsync(
                context, StatusCodes.Status503ServiceUnavailable, admission.IsClosed ? "Service restart" : "Too many connections").ConfigureAwait(false);
            return;
        }

        var link = opening.Make(identity, LinkFormat.OfWebSocket(format), place, holdsFirstFrame: true);
        var loop = loops.Next();
        opening.Open(link, SessionId.New(), identity, IsTrue(request.Query["status"]), loop);
        await opening.StartedAsync(link).ConfigureAwait(false);
        StreamTransport transport;
        try
        {
            // The link has a clock of its own for clients that take nothing (contract L1); the server's would cut one off that
            // has been fed slowly and stalls for some seconds.
            if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } pace)
                pace.MinDataRate = null;
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.SecWebSocketAccept = accept;
            if (subProtocol is not null)
                context.Response.Headers.SecWebSocketProtocol = subProtocol;
            transport = new StreamTransport(await upgrade.UpgradeAsync().ConfigureAwait(false));
        }
        catch
        {
            link.GiveUp();
            link.Over();
            throw;
        }

        await new PipeCarrier(link, transport, context.Abort, loop).RunAsync().ConfigureAwait(false);
    }

    private static WireFormat? FormatOf(string? text) => text switch
    {
        null or "" or "json" => WireFormat.Json,
        "protobuf" => WireFormat.Protobuf,
        _ => null,
    };

    /// <summary>
    /// The token and, if it came as one, the sub-protocol that is to be selected for it. A header of authorization wins, even if
    /// it is of no use; then comes a token as a sub-protocol, which keeps it out of URLs where a browser can set no header
    /// (protocol difference 0.13), and then the query.
    /// </summary>
    private static (string? Token, string? SubProtocol) TokenOf(HttpRequest request)
    {
        if (request.Headers.TryGetValue(HeaderNames.Authorization, out var header))
            return (header is [{ } line] && line.StartsWith(Bearer, StringComparison.Ordinal) ? line[Bearer.Length..] : null, null);
        if (request.Headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketProtocol) is [BearerProtocol, { Length: > 0 } offered])
            return (offered, BearerProtocol);
        return (request.Query["token"] is [{ Length: > 0 } token] ? token : null, null);
    }

    /// <summary>The spellings of true; everything else is false and never an error.</summary>
    private static bool IsTrue(string? text) => text is "1" or "t" or "T" or "true" or "TRUE" or "True";

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(why + "\n", context.RequestAborted);
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
