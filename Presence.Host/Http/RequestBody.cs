using System.Collections.Immutable;
using System.Text.Json;

namespace Presence.Host.Http;

/// <summary>
/// The message in a request's body, read whatever the request's Content-Type says, as the .NET SDK sends none. Both spellings
/// of a field are taken, fields that nobody asks for are passed over, <c>null</c> is absent, and no body is an empty message
/// (protocol section D1).
/// </summary>
internal sealed class RequestBody
{
    private static readonly RequestBody Empty = new(JsonDocument.Parse("{}").RootElement);

    private readonly JsonElement _message;

    private RequestBody(JsonElement message) => _message = message;

    /// <summary>Reads the body to its end.</summary>
    /// <exception cref="ApiException">It is no JSON object, or too long, or not packed as the request says.</exception>
    public static async Task<RequestBody> ReadAsync(HttpRequest request)
    {
        var bytes = await ReadBytesAsync(request).ConfigureAwait(false);
        if (bytes.IsEmpty)
            return Empty;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                throw Invalid("The body must be a JSON object.");
            return new RequestBody(document.RootElement.Clone());
        }
        catch (JsonException)
        {
            throw Invalid("The body is not valid JSON.");
        }
    }

    /// <summary>A text; null when absent.</summary>
    /// <param name="name">The field in snake case.</param>
    /// <param name="camelName">The field in camel case, where that is another.</param>
    /// <exception cref="ApiException">The field is no text.</exception>
    public string? Text(string name, string? camelName = null) =>
        Field(name, camelName) is { } field ? Text(field, name) : null;

    /// <summary>A map of texts; empty when absent.</summary>
    /// <exception cref="ApiException">The field is no object, or one of its values is no text.</exception>
    public ImmutableSortedDictionary<string, string> Map(string name)
    {
        var entries = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (Field(name, null) is not { } map)
            return entries.ToImmutable();
        if (map.ValueKind is not JsonValueKind.Object)
            throw Invalid($"'{name}' must be an object.");
        foreach (var entry in map.EnumerateObject())
            entries[Unicode(() => entry.Name, name)] = Text(entry.Value, name);
        return entries.ToImmutable();
    }

    private JsonElement? Field(string name, string? camelName)
    {
        if (Present(name) is { } field)
            return field;
        return camelName is null ? null : Present(camelName);
    }

    private JsonElement? Present(string name) =>
        _message.TryGetProperty(name, out var field) && field.ValueKind is not JsonValueKind.Null ? field : null;

    private static string Text(JsonElement field, string name) =>
        field.ValueKind is JsonValueKind.String
            ? Unicode(() => field.GetString()!, name)
            : throw Invalid($"'{name}' must hold text.");

    private static string Unicode(Func<string> read, string name)
    {
        try
        {
            return read();
        }
        // How the reader reports text that is not Unicode.
        catch (InvalidOperationException)
        {
            throw Invalid($"'{name}' holds text that is not valid Unicode.");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request)
    {
        using var bytes = new MemoryStream();
        try
        {
            await request.Body.CopyToAsync(bytes, request.HttpContext.RequestAborted).ConfigureAwait(false);
        }
        // Too long as sent; too long unpacked; not what its Content-Encoding says.
        catch (Exception fault) when (fault is BadHttpRequestException or InvalidOperationException or InvalidDataException)
        {
            throw Invalid("The body is too long, or not encoded as its headers say.");
        }
        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private static ApiException Invalid(string message) => new(ApiError.InvalidArgument(message));
}
