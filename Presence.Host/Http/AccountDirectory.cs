using Presence.Actors.Model;

namespace Presence.Host.Http;

/// <summary>A user that got a session here.</summary>
/// <param name="User">The user.</param>
/// <param name="Username">The user's name, unique among those remembered.</param>
/// <param name="Kind">How the application names the user.</param>
/// <param name="Id">What it calls the user.</param>
/// <param name="CreatedAt">When the user first came, as far as is remembered.</param>
internal sealed record Account(UserId User, string Username, AccountKind Kind, string Id, DateTimeOffset CreatedAt);

/// <summary>
/// The users that got a session from this process, the latest ones: enough for an SDK to see whether an account is new, and to
/// refuse a name that is taken. It is a convenience of minting, not a user table; a user who is forgotten, or meets another
/// node, has the same id and is only called new once more.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="capacity">How many are remembered; beyond that the one who has not come for longest is forgotten.</param>
internal sealed class AccountDirectory(TimeProvider time, int capacity = AccountDirectory.DefaultCapacity)
{
    /// <summary>About 30 MB when full.</summary>
    public const int DefaultCapacity = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<UserId, LinkedListNode<Account>> _byUser = [];
    private readonly Dictionary<string, Account> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<Account> _latestFirst = new();

    /// <summary>The account of an id, made now if need be.</summary>
    /// <param name="kind">How the application names the user.</param>
    /// <param name="id">What it calls the user.</param>
    /// <param name="username">The name for a new account; null makes one up. An account that is there keeps its name.</param>
    /// <param name="create">Whether an account may be made.</param>
    /// <returns>The account, and whether it was made now.</returns>
    /// <exception cref="ApiException">404/5: it is not there and may not be made. 409/6: the name is taken.</exception>
    public (Account Account, bool Created) SignIn(AccountKind kind, string id, string? username, bool create)
    {
        var user = kind.UserOf(id);
        lock (_gate)
        {
            if (_byUser.TryGetValue(user, out var known))
            {
                _latestFirst.Remove(known);
                _latestFirst.AddFirst(known);
                return (known.Value, false);
            }
            if (!create)
                throw new ApiException(ApiError.NotFound("No such account."));
            if (username is not null && _byName.ContainsKey(username))
                throw new ApiException(ApiError.AlreadyExists("The username is taken."));
            var account = new Account(user, username ?? FreeName(user), kind, id, time.GetUtcNow());
            Remember(account);
            return (account, true);
        }
    }

    /// <summary>The account of a user; null if it is not remembered.</summary>
    public Account? Find(UserId user)
    {
        lock (_gate)
            return _byUser.GetValueOrDefault(user)?.Value;
    }

    /// <summary>The account of this name, compared exactly; null if none is remembered.</summary>
    public Account? Find(string username)
    {
        lock (_gate)
            return _byName.GetValueOrDefault(username);
    }

    private string FreeName(UserId user)
    {
        for (var attempt = 0; ; attempt++)
        {
            var name = AccountKind.UsernameOf(user, attempt);
            if (!_byName.ContainsKey(name))
                return name;
        }
    }

    private void Remember(Account account)
    {
        if (_byUser.Count >= capacity && _latestFirst.Last is { Value: var oldest })
        {
            _latestFirst.RemoveLast();
            _byUser.Remove(oldest.User);
            _byName.Remove(oldest.Username);
        }
        _byUser[account.User] = _latestFirst.AddFirst(account);
        _byName[account.Username] = account;
    }
}
