using System.Text;
using System.Text.Json;

namespace Presence.Tests.Host.Auth;

/// <summary>How the SDKs read the payload of a token, each in its own way.</summary>
internal static class SdkDecoding
{
    private const string Base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <summary>nakama-js 2.8.0: drops what plain base64 has not, and reads each byte as a character.</summary>
    public static JsonElement JavaScript(string token) => JsonDocument.Parse(Encoding.Latin1.GetString(Bytes(token))).RootElement;

    /// <summary>The SDKs for Defold and Swift: plain base64 as well, but the bytes are UTF-8.</summary>
    public static JsonElement Defold(string token) => JsonDocument.Parse(Encoding.UTF8.GetString(Bytes(token))).RootElement;

    /// <summary>The SDK for .NET and Unity itself.</summary>
    public static Nakama.ISession Dotnet(string token) => Nakama.Session.Restore(token);

    /// <summary>A character sequence as nakama-js shows it where it was not escaped.</summary>
    public static string AsLatin1(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static byte[] Bytes(string token)
    {
        var payload = string.Concat(token.Split('.')[1].Where(c => Base64.Contains(c, StringComparison.Ordinal)));
        return Convert.FromBase64String(payload.PadRight((payload.Length + 3) / 4 * 4, '='));
    }
}
