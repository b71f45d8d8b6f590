using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Presence.Host.Links.Admission;
using Presence.Host.Node;

namespace Presence.Host.Configuration;

/// <summary>
/// Tells a start that failed for something an operator can mend from one that failed for a mistake of ours: the former is
/// one line, the latter keeps its stack trace.
/// </summary>
internal static class StartFault
{
    /// <summary>The exit code of a start that failed for its configuration; EX_CONFIG of sysexits.h.</summary>
    public const int ExitCode = 78;

    /// <summary>Checks the options before anything starts, so that nothing but <see cref="Explain"/> speaks of a fault.</summary>
    /// <exception cref="OptionsValidationException">An option is wrong.</exception>
    public static void CheckOptions(this IHost host) => host.Services.GetRequiredService<IStartupValidator>().Validate();

    /// <summary>
    /// The one line that explains the exception to an operator, and the exit code; null if it is neither theirs to mend nor over
    /// with another try.
    /// </summary>
    public static (string Line, int ExitCode)? Explain(Exception fault)
    {
        var reason = fault switch
        {
            OptionsValidationException invalid => string.Join(" | ", invalid.Failures),
            // A configuration file that is no JSON; the inner exception names the line.
            InvalidDataException unreadable => $"{unreadable.Message} {unreadable.InnerException?.Message}",
            IOException { InnerException: AddressInUseException } taken => taken.Message,
            AggregateException many when Innermost(many) is SocketException refused => $"Presence:Cluster:Port cannot be opened: {refused.Message}",
            JoinException lone => lone.Message,
            FileLimitException low => low.Message,
            _ => null,
        };
        if (reason is null)
            return null;
        return ($"Presence cannot start: {reason.ReplaceLineEndings(" ").Trim()}", fault is JoinException ? NodeRemoval.ExitCode : ExitCode);
    }

    private static Exception Innermost(Exception fault) => fault.InnerException is { } inner ? Innermost(inner) : fault;
}
