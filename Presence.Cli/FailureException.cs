namespace Presence.Cli;

/// <summary>What was asked for cannot be done; the message tells the person who asked what is wrong, the advice what to do.</summary>
/// <param name="code">How the tool ends.</param>
/// <param name="message">What is wrong: a sentence.</param>
/// <param name="advice">What to do; null: that is plain.</param>
internal sealed class FailureException(ExitCode code, string message, string? advice = null) : Exception(message)
{
    /// <summary>How the tool ends.</summary>
    public ExitCode Code { get; } = code;

    /// <summary>What to do.</summary>
    public string? Advice { get; } = advice;

    /// <summary>Whether a login has ended: to ask for a token again is no use then, while whatever else fails may pass.</summary>
    public bool IsLoginOver { get; private init; }

    /// <summary>The command line asks for what there is not.</summary>
    public static FailureException Usage(string message, string? advice = null) => new(ExitCode.Usage, message, advice);

    /// <summary>The server is not there, or will not.</summary>
    public static FailureException Refused(string message, string? advice = null) => new(ExitCode.Refused, message, advice);

    /// <summary>The login with which a command began has ended.</summary>
    public static FailureException LoginOver(string message, string advice) => new(ExitCode.Refused, message, advice) { IsLoginOver = true };
}
