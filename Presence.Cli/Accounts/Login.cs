using System.Text.Json.Serialization;

namespace Presence.Cli.Accounts;

/// <summary>A login as it is kept between commands.</summary>
/// <param name="Server">The server, see <see cref="ServerAddress"/>.</param>
/// <param name="Token">The session token.</param>
/// <param name="RefreshToken">Buys a new session token; null: it came from elsewhere, and so must the next.</param>
/// <param name="ServerKey">The server key, which a refresh needs; null where there is nothing to refresh.</param>
internal sealed record Login(
    [property: JsonRequired] string Server,
    [property: JsonRequired] string Token,
    string? RefreshToken = null,
    string? ServerKey = null)
{
    /// <summary>Nothing: tokens must not find their way into a message.</summary>
    public override string ToString() => nameof(Login);
}
