using System.Text.Json;
using System.Text.Json.Serialization;

namespace Presence.Bench.Reports;

/// <summary>Reports as JSON.</summary>
internal static class ReportJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        WriteIndented = true,
    };

    /// <summary>A report as one object.</summary>
    public static string Write<T>(T report) => JsonSerializer.Serialize(report, Options);
}
