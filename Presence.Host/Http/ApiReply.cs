namespace Presence.Host.Http;

/// <summary>The answer to a request that went well.</summary>
/// <param name="Body">What to say.</param>
internal sealed record ApiReply<T>(T Body) : IResult
{
    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext) =>
        ApiJson.WriteAsync(httpContext.Response, StatusCodes.Status200OK, Body);
}

/// <summary>The answer that says nothing but that it went well.</summary>
internal static class ApiReply
{
    /// <summary>An empty object.</summary>
    public static readonly IResult Done = Of(new object());

    /// <summary>An answer with a body.</summary>
    public static IResult Of<T>(T body) => new ApiReply<T>(body);
}
