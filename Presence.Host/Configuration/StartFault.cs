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
        var (reason, exitCode) = fault switch
        {
            OptionsValidationException invalid => (string.Join(" | ", invalid.Failures), ExitCode),
            // A configuration file that is no JSON; the inner exception names the line.
            InvalidDataException unreadable => ($"{unreadable.Message} {unreadable.InnerException?.Message}", ExitCode),
            IOException { InnerException: AddressInUseException } taken => (taken.Message, NodeRemoval.ExitCode),
            // A port below 1024 is a matter of rights, which the next try has not either.
            IOException { InnerException: SocketException { SocketErrorCode: SocketError.AccessDenied } } denied => (denied.Message, ExitCode),
            IOException { InnerException: SocketException } away => (away.Message, NodeRemoval.ExitCode),
            AggregateException many when Innermost(many) is SocketException refused => (NotOpened(refused), NodeRemoval.ExitCode),
            JoinException lone => (lone.Message, NodeRemoval.ExitCode),
            FileLimitException low => (low.Message, ExitCode),
            _ => (null, 0),
        };
        return reason is null ? null : ($"Presence cannot start: {reason.ReplaceLineEndings(" ").Trim()}", exitCode);
    }

    /// <summary>
    /// Why the port between nodes is not open. Each of these may pass: a name server that does not answer yet, an address that its interface
    /// does not have yet, a port that the process before this one still holds.
    /// </summary>
    private static string NotOpened(SocketException refused) => refused.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery =>
            $"Presence:Cluster:Hostname does not resolve to an address now: {refused.Message}",
        _ => $"Presence:Cluster:Port cannot be opened now: {refused.Message}",
    };

    private static Exception Innermost(Exception fault) => fault.InnerException is { } inner ? Innermost(inner) : fault;
}
