namespace Presence.Bench;

/// <summary>How the tool ends; part of its interface (docs/performance.md).</summary>
internal enum ExitCode
{
    /// <summary>Every delivery arrived and nobody was cut off.</summary>
    Clean = 0,

    /// <summary>Something was lost, told twice, refused, answered with an error, or somebody was cut off.</summary>
    Faulty = 1,

    /// <summary>The command line is wrong, or this machine cannot do what it asks for.</summary>
    Usage = 2,

    /// <summary>No connection could be made, or a server did not start.</summary>
    Unreachable = 3,

    /// <summary>The tool itself has failed.</summary>
    Failed = 4,
}
