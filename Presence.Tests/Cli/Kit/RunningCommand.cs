using Presence.Cli;
using Presence.Tests.Client;

namespace Presence.Tests.Cli.Kit;

/// <summary>A command that a <see cref="Shell"/> has started.</summary>
internal sealed class RunningCommand : IAsyncDisposable
{
    private readonly CancellationTokenSource _interruption = new();
    private readonly Task<ExitCode> _run;

    public RunningCommand(Shell shell, string[] args)
    {
        var around = shell.Around(Output, Error);
        _run = Task.Run(() => PresenceCommand.RunAsync(args, around, _interruption.Token));
    }

    /// <summary>Its standard output.</summary>
    public Transcript Output { get; } = new();

    /// <summary>Its standard error.</summary>
    public Transcript Error { get; } = new();

    /// <summary>Its exit code, once it has ended.</summary>
    public ExitCode Code => _run.IsCompleted ? _run.Result : throw new InvalidOperationException("The command is still running.");

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _run.IsCompleted;

    /// <summary>Ctrl+C.</summary>
    public void Interrupt() => _interruption.Cancel();

    /// <summary>Waits for its end.</summary>
    public async Task<ExitCode> EndAsync()
    {
        try
        {
            return await _run.WaitAsync(Clients.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The command did not end. It has said:\n{Output.Text}\n{Error.Text}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Interrupt();
        await EndAsync();
        _interruption.Dispose();
    }
}
