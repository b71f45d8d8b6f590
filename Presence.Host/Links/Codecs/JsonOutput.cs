using System.Buffers;
using System.Text.Json;
using Presence.Host.Text;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// Lends the thread's JSON writer, so that a message costs no writer of its own. While it is lent, nothing else on the
/// thread may ask for it.
/// </summary>
internal readonly ref struct JsonOutput
{
    private static readonly JsonWriterOptions Options = new() { Encoder = MinimalJsonEncoder.Instance, SkipValidation = true };
    private static readonly ArrayBufferWriter<byte> Nowhere = new(1);

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    private JsonOutput(Utf8JsonWriter json) => Json = json;

    /// <summary>The writer.</summary>
    public Utf8JsonWriter Json { get; }

    /// <summary>Lends the writer to an output; what was written is there when the lease is disposed.</summary>
    public static JsonOutput To(IBufferWriter<byte> output)
    {
        var json = _writer ??= new Utf8JsonWriter(Nowhere, Options);
        json.Reset(output);
        return new JsonOutput(json);
    }

    /// <summary>Hands the rest to the output, and lets go of it.</summary>
    public void Dispose()
    {
        Json.Flush();
        Json.Reset(Nowhere);
    }
}
