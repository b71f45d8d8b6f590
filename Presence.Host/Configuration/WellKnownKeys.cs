namespace Presence.Host.Configuration;

/// <summary>
/// The keys that every client SDK ships with. They are the defaults in Development, where a server should just run, and
/// refused everywhere else, where everybody would know them (contract A3).
/// </summary>
internal static class WellKnownKeys
{
    /// <summary>The server key of the SDKs.</summary>
    public const string Server = "defaultkey";

    /// <summary>Signs session tokens.</summary>
    public const string Signing = "defaultencryptionkey";

    /// <summary>Signs refresh tokens.</summary>
    public const string RefreshSigning = "defaultrefreshencryptionkey";

    /// <summary>Whether everybody knows this key.</summary>
    public static bool Contains(string? key) => key is Server or Signing or RefreshSigning;
}
