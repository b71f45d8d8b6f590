using Microsoft.AspNetCore.Connections;

namespace Presence.Host.Http;

/// <summary>
/// Sees to it that every request that fails is answered by an <see cref="ApiError"/>: the ones that the endpoints refuse, the
/// ones that no endpoint takes, and the ones that a mistake of ours ends.
/// </summary>
internal sealed partial class ApiErrors(RequestDelegate next, Credentials credentials, ILogger<ApiErrors> log)
{
    /// <summary>Where the WebSocket links begin; any other method than theirs finds nothing there (protocol section A1).</summary>
    private const string LinkPath = "/ws";

    private const string ApiPath = "/v2";

    private readonly ILogger<ApiErrors> _log = log;

    /// <summary>Runs the request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var response = context.Response;
        try
        {
            await next(context).ConfigureAwait(false);
            if (!response.HasStarted && response.StatusCode >= 400 && response.ContentLength is null && string.IsNullOrEmpty(response.ContentType))
            {
                response.Headers.Remove("Allow");
                // Who may not use the API is not told which methods a path has.
                if (response.StatusCode == StatusCodes.Status405MethodNotAllowed && context.Request.Path.StartsWithSegments(ApiPath))
                    await credentials.RequireAnyAsync(context.Request).ConfigureAwait(false);
                await OfBareStatus(context).ExecuteAsync(context).ConfigureAwait(false);
            }
        }
        catch (Exception fault) when (context.RequestAborted.IsCancellationRequested || fault is ConnectionResetException or ConnectionAbortedException)
        {
            // The client has gone; there is nobody to answer.
            ClientGone(context.Request.Method, context.Request.Path);
        }
        catch (Exception fault) when (!response.HasStarted)
        {
            await Explain(fault, context).ExecuteAsync(context).ConfigureAwait(false);
        }
    }

    private static ApiError OfBareStatus(HttpContext context)
    {
        var response = context.Response;
        return response.StatusCode == StatusCodes.Status405MethodNotAllowed && context.Request.Path == LinkPath
            ? ApiError.OfStatus(StatusCodes.Status404NotFound)
            : ApiError.OfStatus(response.StatusCode);
    }

    private ApiError Explain(Exception fault, HttpContext context)
    {
        switch (fault)
        {
            case ApiException refused:
                return refused.Error;
            case BadHttpRequestException:
                return ApiError.InvalidArgument("Invalid request.");
            case TimeoutException:
                return ApiError.Unavailable;
            default:
                RequestFailed(fault, context.Request.Method, context.Request.Path);
                return ApiError.Internal;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The client closed its connection during {Method} {Path}.")]
    private partial void ClientGone(string method, PathString path);

    // The path and no more: a query may hold a token (contract A5).
    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed.")]
    private partial void RequestFailed(Exception fault, string method, PathString path);
}
