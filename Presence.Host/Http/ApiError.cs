using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Presence.Host.Load;

namespace Presence.Host.Http;

/// <summary>
/// The answer to a request that went wrong: a JSON object with a gRPC code, as the SDKs want it whatever happens (protocol
/// section D2). The message is for a developer's eyes.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">The gRPC code.</param>
/// <param name="Message">What went wrong; never empty.</param>
internal sealed record ApiError(int Status, int Code, string Message) : IResult
{
    /// <summary>The value of the <c>Retry-After</c> header, in seconds; null sends none.</summary>
    public string? RetryAfter { get; private init; }

    /// <summary>The request is not what it must be: 400/3.</summary>
    public static ApiError InvalidArgument(string message) => new(StatusCodes.Status400BadRequest, 3, message);

    /// <summary>There is no such thing: 404/5.</summary>
    public static ApiError NotFound(string message) => new(StatusCodes.Status404NotFound, 5, message);

    /// <summary>Somebody else has it: 409/6.</summary>
    public static ApiError AlreadyExists(string message) => new(StatusCodes.Status409Conflict, 6, message);

    /// <summary>This server does not do that for anybody: 403/7.</summary>
    public static ApiError PermissionDenied(string message) => new(StatusCodes.Status403Forbidden, 7, message);

    /// <summary>The client's address has sent too many requests; a second later it may send more: 429/8.</summary>
    public static readonly ApiError TooManyRequests =
        new(StatusCodes.Status429TooManyRequests, 8, "Too many requests; try again later.") { RetryAfter = "1" };

    /// <summary>The protocol has it, this server does not: 501/12.</summary>
    public static ApiError Unimplemented(string message) => new(StatusCodes.Status501NotImplemented, 12, message);

    /// <summary>The server failed: 500/13. The details stay in its log.</summary>
    public static readonly ApiError Internal = new(StatusCodes.Status500InternalServerError, 13, "Internal error.");

    /// <summary>The server cannot answer now: 503/14.</summary>
    public static readonly ApiError Unavailable =
        new(StatusCodes.Status503ServiceUnavailable, 14, "The answer is not to be had at the moment; try again.");

    /// <summary>The node is overloaded, or too many requests of this kind are in flight: 503/14.</summary>
    /// <param name="retryAfter">When to try again, in seconds.</param>
    public static ApiError Overloaded(string retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, 14, LoadShedding.Text) { RetryAfter = retryAfter };

    /// <summary>The issuer of the token does not answer, so the token cannot be checked now: 503/14.</summary>
    /// <param name="retryAfter">When to try again, in seconds.</param>
    public static ApiError KeysUnavailable(string retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, 14, "The keys of the issuer cannot be read; try again later.") { RetryAfter = retryAfter };

    /// <summary>As many revocations are kept as may be (contract L4): 503/14. Nothing was revoked.</summary>
    public static readonly ApiError TooManyRevocations = new(
        StatusCodes.Status503ServiceUnavailable, 14, "The server keeps as many revoked logins as it may; nothing was revoked. Try again later.")
    { RetryAfter = "60" };

    /// <summary>The user has as many revoked logins as one user may have (contract L4): 429/8. Nothing was revoked.</summary>
    public static readonly ApiError TooManyLogouts = new(
        StatusCodes.Status429TooManyRequests, 8, "Too many logins of this user are revoked; log out without naming a token, which ends them all.")
    { RetryAfter = "60" };

    /// <summary>The request does not say, or not rightly, who makes it: 401/16.</summary>
    public static ApiError Unauthenticated(string message) => new(StatusCodes.Status401Unauthorized, 16, message);

    /// <summary>The error for a bare HTTP status, as the framework leaves it.</summary>
    public static ApiError OfStatus(int status) => status switch
    {
        StatusCodes.Status404NotFound => NotFound("Not found."),
        StatusCodes.Status408RequestTimeout => InvalidArgument("The request did not come in time.") with { Status = status },
        StatusCodes.Status413PayloadTooLarge => InvalidArgument("The body is too long.") with { Status = status },
        StatusCodes.Status414UriTooLong => InvalidArgument("The request line is too long.") with { Status = status },
        StatusCodes.Status431RequestHeaderFieldsTooLarge => InvalidArgument("The headers are too long.") with { Status = status },
        StatusCodes.Status505HttpVersionNotsupported => Unimplemented("This HTTP version is not offered.") with { Status = status },
        StatusCodes.Status405MethodNotAllowed => Unimplemented("Method not allowed."),
        StatusCodes.Status401Unauthorized => Unauthenticated("Not authenticated."),
        StatusCodes.Status403Forbidden => PermissionDenied("Not allowed."),
        StatusCodes.Status503ServiceUnavailable => Unavailable,
        >= 500 => Internal with { Status = status },
        _ => InvalidArgument("Invalid request.") with { Status = status },
    };

    /// <summary>The whole answer, as the last one of a connection of HTTP/1.1 that no HTTP server answers.</summary>
    /// <param name="header">One more header.</param>
    public byte[] ToHttp(string header)
    {
        var body = ApiJson.Bytes(new { Code, Message });
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP/1.1 {Status} {ReasonPhrases.GetReasonPhrase(Status)}\r\nContent-Type: {ApiJson.ContentType}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n{header}\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body];
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (RetryAfter is not null)
            httpContext.Response.Headers.RetryAfter = RetryAfter;
        return ApiJson.WriteAsync(httpContext.Response, Status, new { Code, Message });
    }
}
