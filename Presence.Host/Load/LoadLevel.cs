namespace Presence.Host.Load;

/// <summary>How much work the node has, compared with what it can do (contract L5). The numbers are those of the metric <c>presence.load</c>.</summary>
internal enum LoadLevel
{
    /// <summary>Nothing is short.</summary>
    Calm = 0,

    /// <summary>Something becomes short. Nothing is refused.</summary>
    Busy = 1,

    /// <summary>New connections, HTTP requests and follows are refused. What is there is kept.</summary>
    Overloaded = 2,
}
