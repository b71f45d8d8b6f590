using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Configuration;

namespace Presence.Host.Auth;

/// <summary>
/// The tokens that were revoked and have not expired: single logins, and everything that a user was issued before a logout
/// from everywhere. Kept in memory, each until its tokens have expired.
/// </summary>
/// <remarks>
/// A token says when it was issued in whole seconds, so "issued before now" cannot tell a token from before a revocation from
/// one after it within the same second. Here a revocation takes the whole of its second along, and who logs in later in that
/// second gets a token of the next one (<see cref="EarliestIssue"/>): the old one never survives and the new one always does.
/// </remarks>
internal sealed class Revocations
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestLife;
    private readonly Lock _gate = new();
    private readonly Dictionary<(UserId, string), Revocation.OfLogin> _logins = [];
    private readonly Dictionary<UserId, Revocation.OfUser> _users = [];
    private readonly PriorityQueue<Revocation, DateTimeOffset> _byExpiry = new();

    /// <summary>No revocations yet.</summary>
    public Revocations(IOptions<PresenceOptions> options, TimeProvider time)
    {
        _time = time;
        var session = options.Value.Session;
        _longestLife = session.RefreshTokenLifetime > session.TokenLifetime ? session.RefreshTokenLifetime : session.TokenLifetime;
    }

    /// <summary>
    /// Tells of every revocation, after it is in force and on the thread that brought it. A connection that subscribes first
    /// and then asks <see cref="IsRevoked"/> misses none.
    /// </summary>
    public event Action<Revocation>? Revoked;

    /// <summary>How many revocations are kept.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _logins.Count + _users.Count;
        }
    }

    /// <summary>Whether the token that says this was revoked.</summary>
    public bool IsRevoked(Identity identity)
    {
        lock (_gate)
        {
            return (_users.TryGetValue(identity.User, out var user) && user.Covers(identity))
                || (identity.TokenId is { } login && _logins.ContainsKey((identity.User, login)));
        }
    }

    /// <summary>
    /// Revokes the login that a token belongs to: all its session and refresh tokens. A token that does not name its login
    /// takes everything along that the user was issued up to then.
    /// </summary>
    public void RevokeLogin(Identity identity)
    {
        var expiry = Later(identity.ExpiresAt, _time.GetUtcNow() + _longestLife);
        Apply(identity.TokenId is { } login
            ? new Revocation.OfLogin(identity.User, login, expiry)
            : new Revocation.OfUser(identity.User, identity.IssuedAt, expiry));
    }

    /// <summary>Revokes everything that the bearer's user was issued before now, the bearer's own token included.</summary>
    public void RevokeEverythingOf(Identity bearer) => RevokeUser(bearer.User, bearer.IssuedAt, bearer.ExpiresAt);

    /// <summary>Revokes everything that a user was issued before now.</summary>
    public void RevokeUser(UserId user) => RevokeUser(user, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    /// <summary>
    /// Takes in a revocation, one of this node or of another; one that says nothing new does nothing.
    /// </summary>
    public void Apply(Revocation revocation)
    {
        lock (_gate)
        {
            DropExpired();
            if (!Keep(revocation))
                return;
            _byExpiry.Enqueue(revocation, revocation.ExpiresAt);
        }
        Revoked?.Invoke(revocation);
    }

    /// <summary>The earliest second in which a token issued now to this user is not taken for a revoked one.</summary>
    public DateTimeOffset EarliestIssue(UserId user)
    {
        var now = Second(_time.GetUtcNow());
        lock (_gate)
            return _users.TryGetValue(user, out var revoked) && revoked.UpTo >= now ? revoked.UpTo.AddSeconds(1) : now;
    }

    private void RevokeUser(UserId user, DateTimeOffset newestToken, DateTimeOffset expiry)
    {
        // A token issued since an earlier revocation of this second is dated as EarliestIssue says, which may be ahead of now.
        var upTo = Later(EarliestIssue(user), newestToken);
        Apply(new Revocation.OfUser(user, upTo, Later(expiry, upTo + _longestLife)));
    }

    /// <summary>False if what is kept says as much already.</summary>
    private bool Keep(Revocation revocation)
    {
        switch (revocation)
        {
            case Revocation.OfLogin login:
                if (_logins.TryGetValue((login.User, login.TokenId), out var sameLogin) && sameLogin.ExpiresAt >= login.ExpiresAt)
                    return false;
                _logins[(login.User, login.TokenId)] = login;
                return true;
            case Revocation.OfUser user:
                if (!_users.TryGetValue(user.User, out var sameUser))
                    _users[user.User] = user;
                else if (user.UpTo <= sameUser.UpTo && user.ExpiresAt <= sameUser.ExpiresAt)
                    return false;
                else
                    _users[user.User] = new(user.User, Later(user.UpTo, sameUser.UpTo), Later(user.ExpiresAt, sameUser.ExpiresAt));
                return true;
            default:
                throw new ArgumentOutOfRangeException(nameof(revocation), "not a kind of revocation");
        }
    }

    private void DropExpired()
    {
        var now = _time.GetUtcNow();
        while (_byExpiry.TryPeek(out var oldest, out var expiry) && expiry <= now)
        {
            _byExpiry.Dequeue();
            // What is kept may be a later revocation of the same login or user, whose turn is yet to come.
            if (oldest is Revocation.OfLogin login
                && _logins.TryGetValue((login.User, login.TokenId), out var keptLogin) && keptLogin.ExpiresAt <= now)
                _logins.Remove((login.User, login.TokenId));
            else if (oldest is Revocation.OfUser user && _users.TryGetValue(user.User, out var keptUser) && keptUser.ExpiresAt <= now)
                _users.Remove(user.User);
        }
    }

    private static DateTimeOffset Second(DateTimeOffset instant) => DateTimeOffset.FromUnixTimeSeconds(instant.ToUnixTimeSeconds());

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
