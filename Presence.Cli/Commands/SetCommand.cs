using System.CommandLine;
using Presence.Cli.Connecting;
using Presence.Cli.Text;
using Presence.Client;

namespace Presence.Cli.Commands;

/// <summary><c>set</c>: shows a status for as long as the command runs.</summary>
internal static class SetCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Surroundings around)
    {
        var status = new Argument<string>("status") { Description = "The text: at most 2048 bytes, plain or JSON, or empty. Put -- before a text that begins with a hyphen." };
        var duration = DurationOption.Create("--for", "Ends the command after this time. [default: runs until Ctrl+C]");
        var options = new LoginOptions();
        var command = new Command(
            "set",
            """
            Sets your status until Ctrl+C.
            A status lasts as long as its connection, so the command keeps running. It connects again when the connection is lost. To erase the status, end the command. You can run the command several times at once: each is a device with its own status.
            """)
        { status, duration };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction(async (given, cancel) =>
        {
            await ShowAsync(around, options.Access(given, around), given.WordsOf(status).Single(), given.GetValue(duration), given.GetResult(duration)?.Tokens[0].Value, cancel).ConfigureAwait(false);
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static async Task ShowAsync(Surroundings around, Access access, string status, TimeSpan? duration, string? durationText, CancellationToken cancel)
    {
        await using var client = await Connector.ConnectAsync(access, new ReconnectPolicy(), around.Clock, cancel).ConfigureAwait(false);
        await SetAsync(client, status, cancel).ConfigureAwait(false);
        await SayAsync($"{client.Username ?? "You"} now shows {TerminalText.Quoted(status)}, {(durationText is null ? "until Ctrl+C" : $"for {durationText}")}.").ConfigureAwait(false);

        using var over = duration is { } time ? new CancellationTokenSource(time, around.Clock) : new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        var narrator = new Narrator();
        try
        {
            await foreach (var state in client.States.WithCancellation(ending.Token).ConfigureAwait(false))
            {
                if (Connector.OfLogin(state.Error) is { } fault)
                    throw fault;
                if (state is { Phase: ConnectionPhase.Closed, Error: { } end })
                    throw Connector.Explain(end);
                if (narrator.Tell(state) is { } sentence)
                    await SayAsync(sentence).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            // That was the time.
        }

        Task SayAsync(string sentence) => around.Error.WriteLineAsync(TerminalText.Of(sentence));
    }

    private static async Task SetAsync(PresenceClient client, string status, CancellationToken cancel)
    {
        try
        {
            await client.SetStatusAsync(status, cancel).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            throw FailureException.Usage("The status is not whole: it has half of a character.");
        }
        catch (PresenceException e)
        {
            throw Connector.Explain(e);
        }
    }
}
