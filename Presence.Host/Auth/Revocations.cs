using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;

namespace Presence.Host.Auth;

/// <summary>
/// The tokens that were revoked and have not expired: single logins, and everything that a user was issued before a logout
/// from everywhere. Kept in memory, each until <see cref="Margin"/> after its tokens are refused for their age.
/// </summary>
/// <remarks>
/// <para>
/// Most tokens say when they were issued in whole seconds, so "issued before now" cannot tell a token from before a revocation from
/// one after it within the same second. Such a token counts as issued at the beginning of its second, and is revoked; who logs in here
/// later in that second gets a token of the next one (<see cref="EarliestIssue"/>): the old one never survives and the new one always does.
/// </para>
/// <para>
/// The number is bounded (<see cref="LimitSettings.Revocations"/>). None is given up for another, since that would make a revoked token
/// valid again: at the bound a logout of this node is refused. Revocations of other nodes are kept in any case.
/// </para>
/// </remarks>
internal sealed class Revocations
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _longestLife;
    private readonly TimeSpan _skew;
    private readonly int _most;
    private readonly int _mostPerUser;
    private readonly Lock _gate = new();
    private readonly Dictionary<(UserId, string), Revocation.OfLogin> _logins = [];
    private readonly Dictionary<UserId, Revocation.OfUser> _users = [];
    private readonly Dictionary<UserId, int> _loginsOf = [];
    private readonly PriorityQueue<Revocation, DateTimeOffset> _byExpiry = new();

    /// <summary>No revocations yet.</summary>
    public Revocations(IOptions<PresenceOptions> options, TimeProvider time)
    {
        _time = time;
        var session = options.Value.Session;
        _longestLife = session.RefreshTokenLifetime > session.TokenLifetime ? session.RefreshTokenLifetime : session.TokenLifetime;
        _skew = session.ClockSkew;
        _most = options.Value.Limits.Revocations;
        _mostPerUser = options.Value.Limits.RevocationsPerUser;
    }

    /// <summary>How much longer than the clock skew a revocation is kept after its tokens have expired: nodes' clocks differ as well.</summary>
    public static TimeSpan Margin { get; } = TimeSpan.FromHours(1);

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
    /// Revokes the login that a token belongs to: all its session and refresh tokens. The login of a token without an id is that token.
    /// </summary>
    /// <returns>The limit that leaves no room for another revocation; null if there is room. With a limit nothing is revoked.</returns>
    public Limit? RevokeLogin(Identity identity)
    {
        if (!IsRevoked(identity) && LimitOf(identity) is { } limit)
            return limit;
        Apply(OfLogin(identity));
        return null;
    }

    /// <summary>
    /// Revokes everything that the bearer's user was issued before now, and the bearer's own login, whenever it says it was issued.
    /// </summary>
    /// <returns>As for <see cref="RevokeLogin"/>.</returns>
    public Limit? RevokeEverythingOf(Identity bearer)
    {
        // Then it has to be named.
        var isUndated = bearer.IssuedAt <= DateTimeOffset.UnixEpoch || bearer.IssuedAt > _time.GetUtcNow();
        if ((isUndated ? LimitOf(bearer) : null) is { } full)
            return full;
        if (RevokeUser(bearer.User, bearer.ExpiresAt) is { } limit)
            return limit;
        if (!IsRevoked(bearer))
            Apply(OfLogin(bearer));
        return null;
    }

    /// <summary>Revokes everything that a user was issued before now.</summary>
    /// <returns>As for <see cref="RevokeLogin"/>.</returns>
    public Limit? RevokeUser(UserId user) => RevokeUser(user, DateTimeOffset.UnixEpoch);

    /// <summary>
    /// Takes in a revocation, one of this node or of another; one that says nothing new does nothing.
    /// </summary>
    public void Apply(Revocation revocation)
    {
        lock (_gate)
        {
            DropExpired();
            if (Keep(revocation) is not { } isNew)
                return;
            // One entry for each login and user, so that the queue has the same bound.
            if (isNew)
                _byExpiry.Enqueue(revocation, revocation.ExpiresAt);
        }
        Revoked?.Invoke(revocation);
    }

    /// <summary>The earliest second in which a token issued now to this user is not taken for a revoked one.</summary>
    public DateTimeOffset EarliestIssue(UserId user)
    {
        var now = Second(_time.GetUtcNow());
        lock (_gate)
            return _users.TryGetValue(user, out var revoked) && revoked.UpTo >= now ? Second(revoked.UpTo).AddSeconds(1) : now;
    }

    private Limit? RevokeUser(UserId user, DateTimeOffset expiry)
    {
        lock (_gate)
        {
            DropExpired();
            if (!_users.ContainsKey(user) && IsFull)
                return Limit.Revocations;
        }

        // A token issued since an earlier revocation of this second is dated as EarliestIssue says, which may be ahead of now.
        var upTo = Later(_time.GetUtcNow(), EarliestIssue(user));
        Apply(new Revocation.OfUser(user, upTo, KeptUntil(Later(expiry, upTo + _longestLife))));
        return null;
    }

    private Revocation.OfLogin OfLogin(Identity identity) =>
        new(identity.User, identity.TokenId!, KeptUntil(Later(identity.ExpiresAt, _time.GetUtcNow() + _longestLife)));

    private DateTimeOffset KeptUntil(DateTimeOffset expiry)
    {
        var margin = _skew + Margin;
        return expiry < DateTimeOffset.MaxValue - margin ? expiry + margin : DateTimeOffset.MaxValue;
    }

    private bool IsFull => _logins.Count + _users.Count >= _most;

    private Limit? LimitOf(Identity identity)
    {
        lock (_gate)
        {
            DropExpired();
            if (IsFull)
                return Limit.Revocations;
            return _loginsOf.GetValueOrDefault(identity.User) >= _mostPerUser ? Limit.RevocationsPerUser : null;
        }
    }

    /// <summary>Keeps a revocation; null if what is kept says as much already, else whether the login or user is a new one.</summary>
    private bool? Keep(Revocation revocation)
    {
        switch (revocation)
        {
            case Revocation.OfLogin login:
                var isNew = !_logins.TryGetValue((login.User, login.TokenId), out var sameLogin);
                if (!isNew && sameLogin!.ExpiresAt >= login.ExpiresAt)
                    return null;
                _logins[(login.User, login.TokenId)] = login;
                if (isNew)
                    _loginsOf[login.User] = _loginsOf.GetValueOrDefault(login.User) + 1;
                return isNew;
            case Revocation.OfUser user:
                if (!_users.TryGetValue(user.User, out var sameUser))
                {
                    _users[user.User] = user;
                    return true;
                }

                if (user.UpTo <= sameUser.UpTo && user.ExpiresAt <= sameUser.ExpiresAt)
                    return null;
                _users[user.User] = new(user.User, Later(user.UpTo, sameUser.UpTo), Later(user.ExpiresAt, sameUser.ExpiresAt));
                return false;
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
            // What is kept may be a later revocation of the same login or user.
            Revocation kept = oldest is Revocation.OfLogin login ? _logins[(login.User, login.TokenId)] : _users[((Revocation.OfUser)oldest).User];
            if (kept.ExpiresAt > now)
                _byExpiry.Enqueue(kept, kept.ExpiresAt);
            else
                Drop(kept);
        }
    }

    private void Drop(Revocation revocation)
    {
        if (revocation is not Revocation.OfLogin login)
        {
            _users.Remove(((Revocation.OfUser)revocation).User);
            return;
        }

        _logins.Remove((login.User, login.TokenId));
        if (--CollectionsMarshal.GetValueRefOrNullRef(_loginsOf, login.User) == 0)
            _loginsOf.Remove(login.User);
    }

    private static DateTimeOffset Second(DateTimeOffset instant) => DateTimeOffset.FromUnixTimeSeconds(instant.ToUnixTimeSeconds());

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
