namespace Presence.Host.Http;

/// <summary>Ends a request with an error, from wherever the error is found.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    /// <summary>The answer.</summary>
    public ApiError Error { get; } = error;
}
