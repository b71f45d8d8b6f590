using System.Net;

namespace Presence.Cli.Accounts;

/// <summary>Gives the session token for each connection, and renews it when it is about to expire.</summary>
/// <param name="file">Where the login is kept.</param>
/// <param name="server">Whose tokens they are; those of another are not given.</param>
/// <param name="clock">Tells what has expired.</param>
internal sealed class TokenSource(LoginFile file, ServerAddress server, TimeProvider clock)
{
    /// <summary>A token with less time than this left is renewed: clocks differ, and connecting takes time.</summary>
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    /// <summary>The token.</summary>
    /// <exception cref="FailureException">The login is over, or just now there is no token.</exception>
    public async ValueTask<string> GetAsync(CancellationToken cancel)
    {
        while (true)
        {
            // Read each time: another command may have renewed it, or logged out.
            var login = file.Read() ?? throw FailureException.LoginOver("You have logged out.", $"`presence login{file.Options}` logs in again.");
            var own = ServerAddress.Parse(login.Server);
            if (own != server)
                throw FailureException.LoginOver($"You are logged in to {own} now, and no more to {server}.", "With another --profile you keep both logins.");
            var left = SessionToken.Read(login.Token)?.ExpiresAt - clock.GetUtcNow();
            if (left is null || left > Margin)
                return login.Token;
            var isOver = left <= TimeSpan.Zero;
            if (login is not { RefreshToken: { } refresh, ServerKey: { } key } || server.Api is null)
                return isOver ? throw Ended() : login.Token;
            try
            {
                using var api = new ServerApi(server);
                var tokens = await api.RefreshAsync(key, refresh, cancel).ConfigureAwait(false);
                if (file.Replace(login, login with { Token = tokens.Token, RefreshToken = tokens.RefreshToken ?? refresh }))
                    return tokens.Token;
            }
            catch (Exception e) when (!isOver && e is ApiException or FailureException { Code: ExitCode.Refused })
            {
                return login.Token;
            }
            catch (ApiException e) when (e.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.BadRequest)
            {
                if (file.Read() == login)
                    throw Ended();
            }

            // Meanwhile somebody has logged out, or in again; that is what counts.
        }
    }

    private FailureException Ended() => FailureException.LoginOver(
        "Your login has expired, and the server does not renew it.",
        $"`presence login{file.Options}` logs in again.");
}
