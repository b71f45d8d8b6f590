using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Host.Auth;

/// <summary>A set of tokens that are not valid any more, though they have not expired.</summary>
/// <param name="ExpiresAt">From then on all of them have expired, and the revocation may be forgotten.</param>
internal abstract record Revocation(DateTimeOffset ExpiresAt)
{
    /// <summary>A revocation as nodes tell it to each other.</summary>
    public static Revocation Of(TokensRevoked revoked) => revoked.TokenId is { } login
        ? new OfLogin(revoked.User, login, revoked.ExpiresAt)
        : new OfUser(revoked.User, revoked.IssuedUpTo, revoked.ExpiresAt);

    /// <summary>This as nodes tell it to each other.</summary>
    public abstract TokensRevoked ToMessage();

    /// <summary>Whether the token that says this is one of them.</summary>
    public abstract bool Covers(Identity identity);

    /// <summary>All tokens of one login.</summary>
    /// <param name="User">The user: a login's name means nothing for anybody else.</param>
    /// <param name="TokenId">The login.</param>
    /// <param name="ExpiresAt">When the last of its tokens expires.</param>
    public sealed record OfLogin(UserId User, string TokenId, DateTimeOffset ExpiresAt) : Revocation(ExpiresAt)
    {
        /// <inheritdoc/>
        public override TokensRevoked ToMessage() => new(User, TokenId, default, ExpiresAt);

        /// <inheritdoc/>
        public override bool Covers(Identity identity) => identity.User == User && identity.TokenId == TokenId;
    }

    /// <summary>
    /// All tokens of a user that were issued up to an instant. A token without a time of issue is none of them: it could be one that is
    /// issued later.
    /// </summary>
    /// <param name="User">The user.</param>
    /// <param name="UpTo">The last instant of issue that is revoked.</param>
    /// <param name="ExpiresAt">When the last of them expires.</param>
    public sealed record OfUser(UserId User, DateTimeOffset UpTo, DateTimeOffset ExpiresAt) : Revocation(ExpiresAt)
    {
        /// <inheritdoc/>
        public override TokensRevoked ToMessage() => new(User, null, UpTo, ExpiresAt);

        /// <inheritdoc/>
        public override bool Covers(Identity identity) => identity.User == User && identity.IssuedAt <= UpTo && identity.IssuedAt > DateTimeOffset.UnixEpoch;
    }
}
