using Presence.Client;
using Xunit;

namespace Presence.Tests.Client.Servers;

/// <summary>The servers that the library promises to work with.</summary>
public enum ServerKind
{
    /// <summary>This repository's, started by the tests.</summary>
    Presence,

    /// <summary>A Nakama that runs already; <c>PRESENCE_NAKAMA=http://host:port</c> says where.</summary>
    Nakama,
}

/// <summary>Every server that there is, in every format, for theories. Nakama is among them if it is said where it runs.</summary>
public sealed class EveryServer : TheoryData<ServerKind, MessageFormat>
{
    public EveryServer()
    {
        foreach (var format in Enum.GetValues<MessageFormat>())
        {
            Add(ServerKind.Presence, format);
            if (Nakama is not null)
                Add(ServerKind.Nakama, format);
        }
    }

    /// <summary>Where Nakama is; null: nowhere.</summary>
    public static Uri? Nakama { get; } =
        Environment.GetEnvironmentVariable("PRESENCE_NAKAMA") is { Length: > 0 } address ? new Uri(address) : null;
}
