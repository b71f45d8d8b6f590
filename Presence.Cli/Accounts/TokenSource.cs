using System.Net;
using Presence.Client;

namespace Presence.Cli.Accounts;

/// <summary>Gives the session token for each connection, and renews it when it is about to expire.</summary>
/// <param name="file">Where the login is kept.</param>
/// <param name="clock">Tells what has expired.</param>
internal sealed class TokenSource(LoginFile file, TimeProvider clock)
{
    /// <summary>A token with less time than this left is renewed: clocks differ, and connecting takes time.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    private string? _given;

    /// <summary>The token.</summary>
    /// <param name="context">Whether the one that was given last is of no use any more.</param>
    /// <param name="cancel">Waits no longer.</param>
    /// <exception cref="FailureException">There is none any more.</exception>
    public async ValueTask<string> GetAsync(TokenContext context, CancellationToken cancel) =>
        _given = await GetAsync(isSpent: context.MustBeNew, cancel).ConfigureAwait(false);

    private async ValueTask<string> GetAsync(bool isSpent, CancellationToken cancel)
    {
        // Read each time: another command may have renewed it, or logged out.
        var login = file.Read() ?? throw FailureException.Refused("You have logged out.", $"`presence login{file.Options}` logs in again.");
        var left = SessionToken.Read(login.Token)?.ExpiresAt - clock.GetUtcNow();
        isSpent &= login.Token == _given;
        if (!isSpent && (left is null || left > Margin))
            return login.Token;
        var isOver = left <= TimeSpan.Zero;
        var server = ServerAddress.Parse(login.Server);
        if (login is not { RefreshToken: { } refresh, ServerKey: { } key } || server.Api is null)
            return isOver ? throw Ended() : login.Token;
        try
        {
            using var api = new ServerApi(server);
            var tokens = await api.RefreshAsync(key, refresh, cancel).ConfigureAwait(false);
            file.Write(login with { Token = tokens.Token, RefreshToken = tokens.RefreshToken ?? refresh });
            return tokens.Token;
        }
        catch (Exception e) when (!isOver && e is ApiException or FailureException { Code: ExitCode.Refused })
        {
            return login.Token;
        }
        catch (ApiException e) when (e.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
        {
            throw Ended();
        }
    }

    private FailureException Ended() => FailureException.Refused(
        "Your login has expired, and the server does not renew it.",
        $"`presence login{file.Options}` logs in again.");
}
