using System.CommandLine;
using Presence.Cli.Accounts;
using Presence.Cli.Text;
using Presence.Client;

namespace Presence.Cli.Commands;

/// <summary>The options that say at which server, and as whom.</summary>
internal sealed class LoginOptions
{
    private readonly Option<string?> _server = new("--server", "-s")
    {
        Description = $"The server, as in https://presence.example, or tcp://localhost:7352 for its TCP port. Without a scheme it is https, and on this machine http. [env: {Variables.Server}; default: {ServerAddress.Default}]",
        HelpName = "URL",
    };

    private readonly Option<string?> _profile = new("--profile")
    {
        Description = $"The name of the login to use. Each name keeps a login of its own. [env: {Variables.Profile}; default: {LoginFile.DefaultProfile}]",
        HelpName = "NAME",
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_server, _profile];

    /// <summary>Where the login is kept. Nobody else can read it afterwards; if others could before, the user is told so.</summary>
    /// <exception cref="FailureException">There can be no such profile, or others can read it and that cannot be changed.</exception>
    public LoginFile File(ParseResult given, Surroundings around)
    {
        var profile = Given(given, _profile, around, Variables.Profile) ?? LoginFile.DefaultProfile;
        if (profile.Length > 64 || profile.StartsWith('.') || profile.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            throw FailureException.Usage($"'{profile}' is no name of a profile.", "It has letters, digits, dots, hyphens and underscores, and is the name of a file.");
        var file = new LoginFile(around.Folder, profile);
        if (file.Protect() is { } notice)
            around.Error.WriteLine(TerminalText.Of(notice));
        return file;
    }

    /// <summary>The server that was asked for; null: none was.</summary>
    /// <exception cref="FailureException">It is no address.</exception>
    public ServerAddress? Server(ParseResult given, Surroundings around) =>
        Given(given, _server, around, Variables.Server) is { } text ? ServerAddress.Parse(text) : null;

    /// <summary>
    /// Where to connect and with which token: the one of the environment, or of the login. A token is never sent to another server than the
    /// one that it is for.
    /// </summary>
    /// <exception cref="FailureException">Nobody is logged in there.</exception>
    public Access Access(ParseResult given, Surroundings around)
    {
        var server = Server(given, around);
        if (around.Variable(Variables.Token) is { Length: > 0 } token)
            return new Access(server ?? ServerAddress.Parse(ServerAddress.Default), (_, _) => ValueTask.FromResult(token.Trim()));
        var file = File(given, around);
        if (file.Read() is not { } login)
            throw FailureException.Refused("You are not logged in.", $"`presence login{file.Options} --user NAME` logs in. Scripts may set {Variables.Token} instead.");
        var own = ServerAddress.Parse(login.Server);
        if (server is not null && server != own)
            throw FailureException.Refused($"You are logged in to {own}, not to {server}.", $"`presence login --server {server}` logs in there; with another --profile you keep both.");
        return new Access(own, new TokenSource(file, own, around.Clock).GetAsync);
    }

    private static string? Given(ParseResult given, Option<string?> option, Surroundings around, string variable) =>
        given.GetValue(option) ?? (around.Variable(variable) is { Length: > 0 } value ? value : null);
}

/// <summary>Where to connect, and with which token.</summary>
/// <param name="Server">The server.</param>
/// <param name="Token">Gives the token for a connection.</param>
internal sealed record Access(ServerAddress Server, Func<TokenContext, CancellationToken, ValueTask<string>> Token);
