using System.Globalization;
using Microsoft.Net.Http.Headers;
using Presence.Actors.Connections;
using Presence.Actors.Telemetry;
using Presence.Host.Auth;
using Presence.Host.Http;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Framing;
using Presence.Host.Load;

namespace Presence.Host.Links.Upgrade;

/// <summary>
/// Decides which requests for <c>/ws</c> become links, in the protocol's order: format, load, token, upgrade, origin, stop, user (section A2).
/// What is refused is refused without detail (contract A1).
/// </summary>
internal sealed class UpgradeGate(TokenValidator tokens, LinkAdmission admission, AllowedOrigins origins, UserLinks users, LoadShedding shedding)
{
    private const string Bearer = "Bearer ";
    private const string BearerProtocol = "bearer";
    private const string CloseErrors = "close";

    // As close frames say it that come instead of a refusal.
    private static readonly CloseReason s_tooMany = Refuse(UserLinks.NoRoom).ToCloseReason()!;

    /// <summary>
    /// Decides about one request. Completes at once unless the token's keys have to be fetched from their issuer. 
    /// </summary>
    public async ValueTask<UpgradeOutcome> DecideAsync(UpgradeRequest request, CancellationToken cancel = default)
    {
        var outcome = await CheckAsync(request, cancel).ConfigureAwait(false);
        return outcome is UpgradeOutcome.Refused refused && AsClose(refused, request) is { } closed ? closed : outcome;
    }

    /// <summary>
    /// A refusal as a close frame, if the request asks for that and could have become a link but for this refusal; else null.
    /// </summary>
    private UpgradeOutcome.Closed? AsClose(UpgradeOutcome.Refused refused, UpgradeRequest request)
    {
        if (request.Errors != CloseErrors
            || refused.ToCloseReason() is not { } reason
            || FormatOf(request.Format) is not { } format
            || !TryAccept(request, out var accept)
            || !origins.Allows(request.Origin, request.Host))
            return null;
        return new UpgradeOutcome.Closed(format, accept, TokenOf(request).SubProtocol, reason) { Limit = refused.Limit };
    }

    private static bool TryAccept(UpgradeRequest request, out string accept) =>
        WebSocketHandshake.TryAccept(request.Connection, request.Upgrade, request.Version, request.Key, out accept!) && request.IsUpgradable;

    private async ValueTask<UpgradeOutcome> CheckAsync(UpgradeRequest request, CancellationToken cancel)
    {
        if (FormatOf(request.Format) is not { } format)
            return new UpgradeOutcome.Refused(StatusCodes.Status400BadRequest, "Invalid format parameter");

        // Before the token is checked, which is the most expensive part.
        if (shedding.IsOverloaded)
        {
            return new UpgradeOutcome.Refused(StatusCodes.Status503ServiceUnavailable, "Overloaded", (HeaderNames.RetryAfter, LoadShedding.RetryAfter()))
            {
                Limit = Limit.Overload,
            };
        }

        var (token, subProtocol) = TokenOf(request);
        var result = token is null ? default : await tokens.ValidateAsync(token, cancel).ConfigureAwait(false);
        if (result.IsUnavailable)
        {
            return new UpgradeOutcome.Refused(
                StatusCodes.Status503ServiceUnavailable, "Issuer unavailable", (HeaderNames.RetryAfter, IssuerPatience.RetryAfter()));
        }

        if (result.Claims?.ToIdentity() is not { } identity)
            return new UpgradeOutcome.Refused(StatusCodes.Status401Unauthorized, "Missing or invalid token");

        if (!TryAccept(request, out var accept))
        {
            return new UpgradeOutcome.Refused(
                StatusCodes.Status400BadRequest, "Bad Request", (HeaderNames.SecWebSocketVersion, WebSocketHandshake.Version));
        }

        if (!origins.Allows(request.Origin, request.Host))
            return new UpgradeOutcome.Refused(StatusCodes.Status403Forbidden, "Origin not allowed");

        // Another node takes over in a moment.
        if (admission.IsClosed)
            return new UpgradeOutcome.Refused(StatusCodes.Status503ServiceUnavailable, "Service restart", (HeaderNames.RetryAfter, "1"));

        if (users.RefusalOf(identity) is { } refusal)
            return Refuse(refusal);

        return new UpgradeOutcome.Accepted(identity, format, IsTrue(request.Status), accept, subProtocol)
        {
            ReplyBytes = NumberIn(request.ReplyBytes),
            TooMany = request.Errors == CloseErrors ? s_tooMany : CloseReason.TooMany,
        };
    }

    private static UpgradeOutcome.Refused Refuse(UserRefusal refusal)
    {
        var retryAfter = refusal.RetryAfter.ToString(CultureInfo.InvariantCulture);
        return new UpgradeOutcome.Refused(StatusCodes.Status429TooManyRequests, refusal.Text, (HeaderNames.RetryAfter, retryAfter)) { Limit = refusal.Limit };
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
    private static (string? Token, string? SubProtocol) TokenOf(UpgradeRequest request)
    {
        if (request.Authorization is { } header)
            return (header is [{ } line] && line.StartsWith(Bearer, StringComparison.Ordinal) ? line[Bearer.Length..] : null, null);
        if (request.Protocols is [BearerProtocol, { Length: > 0 } offered])
            return (offered, BearerProtocol);
        return (request.Token is [{ Length: > 0 } token] ? token : null, null);
    }

    /// <summary>A whole number above zero; everything else is as if it were not there.</summary>
    private static int? NumberIn(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    /// <summary>The spellings of true; everything else is false and never an error.</summary>
    private static bool IsTrue(string? text) => text is "1" or "t" or "T" or "true" or "TRUE" or "True";
}
