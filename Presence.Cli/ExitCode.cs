namespace Presence.Cli;

/// <summary>How the tool ends; part of its interface (README.md).</summary>
internal enum ExitCode
{
    /// <summary>What was asked for was done, and the answer is yes.</summary>
    Done = 0,

    /// <summary>The answer is no: somebody is not online, or fewer changes came than were waited for.</summary>
    No = 1,

    /// <summary>The command line is wrong, or this machine cannot do what it asks for.</summary>
    Usage = 2,

    /// <summary>The server cannot be reached, or refuses; also: nobody is logged in.</summary>
    Refused = 3,

    /// <summary>Ctrl+C, as shells count it: 128 and the number of the signal.</summary>
    Interrupted = 130,

    /// <summary>Whoever read the output has gone, as <c>head</c> does when it has enough.</summary>
    OutputClosed = 141,

    /// <summary>It was told to end by a signal.</summary>
    Terminated = 143,
}
