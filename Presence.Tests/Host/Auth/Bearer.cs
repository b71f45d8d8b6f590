using Presence.Actors.Connections;
using Presence.Host.Auth;

namespace Presence.Tests.Host.Auth;

/// <summary>What tests ask a <see cref="TokenValidator"/>: who the bearer is, or null.</summary>
internal static class Bearer
{
    public static async ValueTask<Identity?> BearerAsync(this TokenValidator validator, string token, CancellationToken cancel = default) =>
        (await validator.ValidateAsync(token, cancel)).Claims?.ToIdentity();

    public static async ValueTask<TokenClaims?> RefresherAsync(this TokenValidator validator, string token) =>
        (await validator.ValidateRefreshAsync(token)).Claims;
}
