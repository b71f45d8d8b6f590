namespace Presence.Bench.Sockets;

/// <summary>How far a client has come.</summary>
internal enum ClientStage : byte
{
    /// <summary>It has not begun.</summary>
    New,

    /// <summary>It has asked to be let in.</summary>
    Connecting,

    /// <summary>It is connected.</summary>
    Open,

    /// <summary>It was refused or cut off, or has left.</summary>
    Gone,
}

/// <summary>One connection of the load. What it holds of unfinished messages is there only while there is one.</summary>
internal sealed class Client
{
    /// <summary>The socket.</summary>
    public int Socket { get; set; } = -1;

    /// <summary>How far it has come.</summary>
    public ClientStage Stage { get; set; }

    /// <summary>How many follow requests are unanswered.</summary>
    public int FollowsOwed { get; set; }

    /// <summary>How many updates are unanswered.</summary>
    public int UpdatesOwed { get; set; }

    /// <summary>The beginning of a frame that has not come whole.</summary>
    public byte[] Unread { get; set; } = [];

    /// <summary>What the socket would not take yet.</summary>
    public byte[] Unsent { get; set; } = [];
}
