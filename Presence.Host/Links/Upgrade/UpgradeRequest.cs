using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Presence.Host.Links.Upgrade;

/// <summary>
/// What of a request for <c>/ws</c> decides whether it becomes a link (protocol section A1), whoever has read it: the values of
/// its query, its headers line by line, and where it came from.
/// </summary>
internal sealed record UpgradeRequest
{
    /// <summary>What <c>format</c> is in the query.</summary>
    public StringValues Format { get; init; }

    /// <summary>What <c>token</c> is in the query.</summary>
    public StringValues Token { get; init; }

    /// <summary>What <c>status</c> is in the query.</summary>
    public StringValues Status { get; init; }

    /// <summary>What <c>reply_bytes</c> is in the query.</summary>
    public StringValues ReplyBytes { get; init; }

    /// <summary>What <c>errors</c> is in the query.</summary>
    public StringValues Errors { get; init; }

    /// <summary>The header of authorization; null if there is none, which is not the same as an empty one.</summary>
    public StringValues? Authorization { get; init; }

    /// <summary>The sub-protocols that are offered, one by one.</summary>
    public StringValues Protocols { get; init; }

    /// <summary><c>Connection</c>.</summary>
    public StringValues Connection { get; init; }

    /// <summary><c>Upgrade</c>.</summary>
    public StringValues Upgrade { get; init; }

    /// <summary><c>Sec-WebSocket-Version</c>.</summary>
    public StringValues Version { get; init; }

    /// <summary><c>Sec-WebSocket-Key</c>.</summary>
    public StringValues Key { get; init; }

    /// <summary><c>Host</c>.</summary>
    public StringValues Host { get; init; }

    /// <summary><c>Origin</c>.</summary>
    public StringValues Origin { get; init; }

    /// <summary>Where the client is; null if that is not known.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Whether the connection can be turned into something else than HTTP.</summary>
    public bool IsUpgradable { get; init; } = true;

    /// <summary>What the HTTP server has read.</summary>
    public static UpgradeRequest Of(HttpContext context)
    {
        var query = context.Request.Query;
        var headers = context.Request.Headers;
        return new UpgradeRequest
        {
            Format = query["format"],
            Token = query["token"],
            Status = query["status"],
            ReplyBytes = query["reply_bytes"],
            Errors = query["errors"],
            Authorization = headers.TryGetValue(HeaderNames.Authorization, out var authorization) ? authorization : default(StringValues?),
            Protocols = headers.GetCommaSeparatedValues(HeaderNames.SecWebSocketProtocol),
            Connection = headers.Connection,
            Upgrade = headers.Upgrade,
            Version = headers.SecWebSocketVersion,
            Key = headers.SecWebSocketKey,
            Host = headers.Host,
            Origin = headers.Origin,
            Address = context.Connection.RemoteIpAddress,
            // HTTP/1.0 knows no upgrade (RFC 9110, section 7.8).
            IsUpgradable = HttpProtocol.IsHttp11(context.Request.Protocol)
                && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true },
        };
    }
}
