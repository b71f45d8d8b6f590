using System.CommandLine;
using System.Net;
using Presence.Cli.Accounts;
using Presence.Cli.Text;

namespace Presence.Cli.Commands;

/// <summary><c>logout</c>: deletes the login and revokes its tokens.</summary>
internal static class LogoutCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Surroundings around)
    {
        var options = new LoginOptions();
        var command = new Command("logout", "Deletes the login and revokes its tokens at the server. Commands that still use it end.");
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction(async (given, cancel) =>
        {
            var file = options.File(given, around);
            if (file.Read() is not { } login)
            {
                await around.Error.WriteLineAsync("You were not logged in.").ConfigureAwait(false);
                return (int)ExitCode.Done;
            }

            // First of all: whatever the server says, this machine has it no more.
            file.Delete();
            await RevokeAsync(login, around.Clock, cancel).ConfigureAwait(false);
            await around.Error.WriteLineAsync(TerminalText.Of($"Logged out of {login.Server}.")).ConfigureAwait(false);
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static async Task RevokeAsync(Login login, TimeProvider clock, CancellationToken cancel)
    {
        var server = ServerAddress.Parse(login.Server);
        if (server.Api is null)
            return;
        using var api = new ServerApi(server);
        try
        {
            if (SessionToken.Read(login.Token)?.ExpiresAt > clock.GetUtcNow() || login is not { RefreshToken: { } refresh, ServerKey: { } key })
            {
                await api.LogoutAsync(login.Token, login.RefreshToken, cancel).ConfigureAwait(false);
                return;
            }

            // It takes a session to end one; this one has expired, but its refresh token has not.
            var tokens = await api.RefreshAsync(key, refresh, cancel).ConfigureAwait(false);
            await api.LogoutAsync(tokens.Token, refresh, cancel).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.Status is HttpStatusCode.Unauthorized)
        {
            // Expired or revoked: worthless already.
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw new FailureException(ExitCode.Interrupted, $"The login is forgotten here, but {server} has not said that it took it back.", "Its tokens may stay valid until they expire.");
        }
        catch (Exception e) when (e is ApiException or FailureException)
        {
            throw FailureException.Refused($"The login is forgotten here, but {server} did not take it back: {e.Message}", "Its tokens stay valid until they expire.");
        }
    }
}
