using System.Text;

namespace Presence.Host.Configuration;

/// <summary>What makes a secret too weak outside Development (contract A3). No reason repeats the secret.</summary>
internal static class Secrets
{
    /// <summary>As long as the hash of HS256: RFC 7518, 3.2 demands it.</summary>
    public const int LeastSigningBytes = 32;

    private static readonly (string Begin, string End)[] Variables = [("<", ">"), ("${", "}"), ("$(", ")"), ("{{", "}}"), ("%", "%")];

    /// <summary>What is wrong with a key that signs tokens, as the rest of a sentence; null if nothing is.</summary>
    public static string? SigningKeyFault(string secret)
    {
        if (Fault(secret) is { } fault)
            return fault;
        if (secret.Contains("-----BEGIN", StringComparison.Ordinal))
            return "is PEM text; a public key is known to everybody, and belongs into PublicKeys";
        var length = Encoding.UTF8.GetByteCount(secret);
        return length < LeastSigningBytes
            ? $"has {length} bytes; outside Development it must have at least {LeastSigningBytes} (openssl rand -base64 48 makes a good one)"
            : null;
    }

    /// <summary>What is wrong with any secret, as the rest of a sentence; null if nothing is.</summary>
    public static string? Fault(string secret)
    {
        if (WellKnownKeys.Contains(secret))
            return "is a well-known development key; outside Development choose a secret of your own";
        return IsPlaceholder(secret) ? "is a placeholder; choose a secret of your own" : null;
    }

    /// <summary>What documentation and templates put in the place of a secret: an ellipsis, a variable, one character again and again.</summary>
    private static bool IsPlaceholder(string secret) =>
        secret.Contains('\u2026', StringComparison.Ordinal)
        || secret.All(c => c == secret[0])
        || Array.Exists(Variables, form => secret.StartsWith(form.Begin, StringComparison.Ordinal) && secret.EndsWith(form.End, StringComparison.Ordinal));
}
