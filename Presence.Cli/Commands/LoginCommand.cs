using System.CommandLine;
using System.Net;
using System.Text.Json;
using Presence.Cli.Accounts;
using Presence.Cli.Connecting;
using Presence.Cli.Text;
using Presence.Client;

namespace Presence.Cli.Commands;

/// <summary><c>login</c>: gets a session from the server, or takes a token that was made elsewhere, and keeps it.</summary>
internal static class LoginCommand
{
    /// <summary>The key of a server in Development, as in the SDKs.</summary>
    private const string DevelopmentKey = "defaultkey";

    private const string StandardInput = "-";

    /// <summary>The command.</summary>
    public static Command Create(Surroundings around)
    {
        var user = new Option<string?>("--user", "-u") { Description = "Signs in at the server with this name.", HelpName = "NAME" };
        var id = new Option<string?>("--id")
        {
            Description = "With --user: the custom id of the account, 6 to 128 bytes. The same id is the same user. [default: made from the name]",
            HelpName = "ID",
        };
        var key = new Option<string?>("--server-key")
        {
            Description = $"With --user: the server key, which a server requires from applications that sign users in. [env: {Variables.ServerKey}; default: {DevelopmentKey}]",
            HelpName = "KEY",
        };
        var file = new Option<string?>("--token-file")
        {
            Description = "Reads a session token from a file, or from standard input with -. The file may also hold the JSON that a server answers to a sign-in.",
            HelpName = "FILE|-",
        };
        var token = new Option<string?>("--token")
        {
            Description = "The session token itself. Other users of this machine may see it in the list of processes; prefer --token-file.",
            HelpName = "TOKEN",
        };
        var options = new LoginOptions();
        var command = new Command("login", "Logs in and keeps the login for the other commands.") { user, id, key, file, token };
        foreach (var option in options.All)
            command.Options.Add(option);
        command.SetAction(async (given, cancel) =>
        {
            var kept = options.File(given, around);
            var server = options.Server(given, around) ?? ServerAddress.Parse(ServerAddress.Default);
            var serverKey = given.GetValue(key) ?? (around.Variable(Variables.ServerKey) is { Length: > 0 } variable ? variable : DevelopmentKey);
            var ways = (User: given.GetValue(user), File: given.GetValue(file), Token: given.GetValue(token));
            var login = ways switch
            {
                ({ Length: > 0 } name, null, null) => await SignInAsync(server, serverKey, given.GetValue(id), name, cancel).ConfigureAwait(false),
                (null, { } path, null) => await TakeAsync(server, serverKey, await ReadAsync(path, around, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false),
                (null, null, { } text) => await TakeAsync(server, serverKey, text, cancel).ConfigureAwait(false),
                _ => throw FailureException.Usage("Give exactly one of --user, --token-file and --token.", "`presence login --user NAME` signs in at the server; `presence login --token-file FILE` uses a token from elsewhere."),
            };
            kept.Write(login);
            await around.Error.WriteLineAsync(TerminalText.Of(Told(login, server))).ConfigureAwait(false);
            return (int)ExitCode.Done;
        });
        return command;
    }

    private static async Task<Login> SignInAsync(ServerAddress server, string serverKey, string? id, string name, CancellationToken cancel)
    {
        if (server.Api is null)
            throw FailureException.Usage("The TCP port cannot sign users in.", "Give the server's HTTP address, or take a token that was made elsewhere with --token-file.");
        try
        {
            using var api = new ServerApi(server);
            var tokens = await api.AuthenticateAsync(serverKey, id ?? $"presence-cli:{Uri.EscapeDataString(name)}", name, cancel).ConfigureAwait(false);
            return new Login(server.ToString(), tokens.Token, tokens.RefreshToken, serverKey);
        }
        catch (ApiException e)
        {
            throw FailureException.Refused($"{server} does not sign you in: {e.Message}", e.Status switch
            {
                HttpStatusCode.Unauthorized => $"--server-key or {Variables.ServerKey} gives the server's key.",
                HttpStatusCode.Forbidden => "Get a token where your application's users sign in, and give it with --token-file.",
                HttpStatusCode.Conflict => "The name belongs to somebody who signed in with another id: give that --id, or choose another name.",
                _ => null,
            });
        }
    }

    /// <summary>Takes a token if the server does.</summary>
    private static async Task<Login> TakeAsync(ServerAddress server, string serverKey, string text, CancellationToken cancel)
    {
        var (token, refresh) = Tokens(text.Trim());
        await using var client = await Connector.ConnectAsync(new Access(server, (_, _) => ValueTask.FromResult(token)), ReconnectPolicy.None, TimeProvider.System, cancel).ConfigureAwait(false);
        return new Login(server.ToString(), token, refresh, refresh is null ? null : serverKey);
    }

    private static (string Token, string? Refresh) Tokens(string text)
    {
        try
        {
            if (text.StartsWith('{') && JsonSerializer.Deserialize(text, CliJson.Default.TokenReply) is { } reply)
                return (reply.Token, reply.RefreshToken);
        }
        catch (JsonException)
        {
            throw NoToken();
        }

        return SessionToken.Read(text) is not null ? (text, null) : throw NoToken();
    }

    private static FailureException NoToken() => FailureException.Usage("That is no session token.", "One has three parts with dots between them, as in eyJ….eyJ….abc.");

    private static async Task<string> ReadAsync(string path, Surroundings around, CancellationToken cancel)
    {
        if (path.Length == 0)
            throw FailureException.Usage("The token cannot be read: the file has no name.");
        try
        {
            // The console's reader heeds no cancellation, and returns from an asynchronous call when all has been read: let it wait by itself.
            return path == StandardInput
                ? await Task.Run(around.Input.ReadToEnd, CancellationToken.None).WaitAsync(cancel).ConfigureAwait(false)
                : await File.ReadAllTextAsync(path, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FailureException.Usage($"The token cannot be read: {e.Message}");
        }
    }

    private static string Told(Login login, ServerAddress server)
    {
        var token = SessionToken.Read(login.Token);
        var who = token?.Username is { } name ? $" as {name}" : "";
        var until = login.RefreshToken is not null ? "It renews itself."
            : token?.ExpiresAt is { } end ? $"It lasts until {end:yyyy-MM-dd HH:mm:ss} UTC, and then another token is needed."
            : "";
        return $"Logged in to {server}{who}. {until}".TrimEnd();
    }
}
