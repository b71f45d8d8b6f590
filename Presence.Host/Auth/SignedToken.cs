using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Presence.Host.Auth;

/// <summary>
/// A signed token in compact form (RFC 7515): three parts of base64url without padding, and a header that is a JSON object without
/// duplicate names. Nothing of it is verified.
/// </summary>
/// <remarks>
/// Libraries of tokens are laxer: they accept padding, and of two members with one name they take the last. They are also stricter, and
/// refuse dates in the payload that RFC 7519 allows. So the form is read here, and the signature is left to the library.
/// </remarks>
internal readonly struct SignedToken
{
    /// <summary>The longest token, in characters: as long as the longest request line, which carries a token of <c>/ws</c>.</summary>
    public const int MaxLength = 16 * 1024;

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly string _text;
    private readonly Range _payload;
    private readonly Range _signature;

    private SignedToken(string text, Range payload, Range signature, string algorithm, string? keyId, bool isCritical)
    {
        _text = text;
        _payload = payload;
        _signature = signature;
        Algorithm = algorithm;
        KeyId = keyId;
        IsCritical = isCritical;
    }

    /// <summary>How the token says that it is signed (<c>alg</c>); empty if it does not say.</summary>
    public string Algorithm { get; }

    /// <summary>Which key the token says has signed it (<c>kid</c>); null if it does not say.</summary>
    public string? KeyId { get; }

    /// <summary>Whether the token declares an extension critical, so that it must be understood (RFC 7515, 4.1.11).</summary>
    public bool IsCritical { get; }

    /// <summary>Reads the form of a token; false if it has none.</summary>
    public static bool TryParse(string text, out SignedToken token)
    {
        token = default;
        if (text.Length > MaxLength)
            return false;
        var all = text.AsSpan();
        Span<Range> parts = stackalloc Range[4];
        if (all.Split(parts, '.') != 3)
            return false;
        foreach (var part in parts[..3])
        {
            if (!IsBase64Url(all[part]))
                return false;
        }

        if (!TryReadHeader(Base64Url.DecodeFromChars(all[parts[0]]), out var algorithm, out var keyId, out var isCritical))
            return false;
        token = new(text, parts[1], parts[2], algorithm, keyId, isCritical);
        return true;
    }

    /// <summary>What is signed: the first two parts as they are written.</summary>
    public byte[] SignedBytes() => Encoding.ASCII.GetBytes(_text[..(_signature.Start.Value - 1)]);

    /// <summary>The third part, decoded.</summary>
    public byte[] Signature() => Base64Url.DecodeFromChars(_text.AsSpan(_signature));

    /// <summary>The second part, decoded.</summary>
    public byte[] Payload() => Base64Url.DecodeFromChars(_text.AsSpan(_payload));

    /// <summary>Not empty, no padding, and no bits behind the last byte, so that there is one text for each sequence of bytes.</summary>
    private static bool IsBase64Url(ReadOnlySpan<char> part)
    {
        if (part.IsEmpty || part.ContainsAnyExcept(Characters))
            return false;
        var last = Alphabet.IndexOf(part[^1], StringComparison.Ordinal);
        return (part.Length % 4) switch
        {
            0 => true,
            2 => (last & 0b1111) == 0,
            3 => (last & 0b11) == 0,
            _ => false,
        };
    }

    private static bool TryReadHeader(ReadOnlyMemory<byte> json, out string algorithm, out string? keyId, out bool isCritical)
    {
        (algorithm, keyId, isCritical) = ("", null, false);
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            var header = document.RootElement;
            if (header.ValueKind is not JsonValueKind.Object)
                return false;
            isCritical = header.TryGetProperty("crit"u8, out _);
            algorithm = header.TryGetProperty("alg"u8, out var alg) ? NameOf(alg) : "";
            keyId = header.TryGetProperty("kid"u8, out var kid) && kid.ValueKind is JsonValueKind.String ? kid.GetString() : null;
            return true;
        }
        // The second is how the reader reports a name that is not Unicode.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string NameOf(JsonElement algorithm)
    {
        if (algorithm.ValueKind is not JsonValueKind.String)
            return "";
        foreach (var known in TokenRules.Algorithms)
        {
            if (algorithm.ValueEquals(known))
                return known;
        }

        return "";
    }
}
