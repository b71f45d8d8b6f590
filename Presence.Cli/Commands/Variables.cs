namespace Presence.Cli.Commands;

/// <summary>The environment variables that stand for options.</summary>
internal static class Variables
{
    /// <summary>The server.</summary>
    public const string Server = "PRESENCE_SERVER";

    /// <summary>The key with which the server lets applications sign users in.</summary>
    public const string ServerKey = "PRESENCE_SERVER_KEY";

    /// <summary>A session token, which is used instead of any login.</summary>
    public const string Token = "PRESENCE_TOKEN";

    /// <summary>The profile.</summary>
    public const string Profile = "PRESENCE_PROFILE";
}
