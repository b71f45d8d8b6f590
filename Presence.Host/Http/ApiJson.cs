using System.Text.Json;
using System.Text.Json.Serialization;
using Presence.Host.Text;

namespace Presence.Host.Http;

/// <summary>How the HTTP API writes: snake case, nothing that has its default value, raw UTF-8 (protocol section D1).</summary>
internal static class ApiJson
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Encoder = MinimalJsonEncoder.Instance,
    };

    /// <summary>Answers with a value.</summary>
    public static Task WriteAsync<T>(HttpResponse response, int status, T value)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-store, no-cache, must-revalidate";
        var body = JsonSerializer.SerializeToUtf8Bytes(value, Format);
        response.ContentLength = body.Length;
        // A response to HEAD tells its length and has no body.
        return HttpMethods.IsHead(response.HttpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, response.HttpContext.RequestAborted).AsTask();
    }
}
