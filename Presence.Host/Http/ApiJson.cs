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

    /// <summary>What the media type of an answer is.</summary>
    public const string ContentType = "application/json";

    /// <summary>A value as the body of an answer.</summary>
    public static byte[] Bytes<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Format);

    /// <summary>Answers with a value.</summary>
    public static Task WriteAsync<T>(HttpResponse response, int status, T value)
    {
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store, no-cache, must-revalidate";
        var body = Bytes(value);
        response.ContentLength = body.Length;
        // A response to HEAD tells its length and has no body.
        return HttpMethods.IsHead(response.HttpContext.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(body, response.HttpContext.RequestAborted).AsTask();
    }
}
