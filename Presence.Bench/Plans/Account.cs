using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Presence.Bench.Plans;

/// <summary>A user of the load and the token that lets it in.</summary>
/// <param name="UserId">The id, as the token has it.</param>
/// <param name="Token">The session token.</param>
internal readonly record struct Account(string UserId, string Token)
{
    private const string Header = """{"alg":"HS256","typ":"JWT"}""";

    /// <summary>How long tokens last that are made here.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    /// <summary>Makes accounts, the same users every time, with tokens signed by HS256 with the key of the server.</summary>
    public static ImmutableArray<Account> Mint(int count, string key, DateTimeOffset now) => Mint(0, count, key, now, username: null);

    /// <summary>Makes the accounts of a range of users, the same users every time.</summary>
    /// <param name="first">The number of the first user.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="key">The HS256 key of the server.</param>
    /// <param name="now">When the tokens are issued.</param>
    /// <param name="username">The name of all of them; null: each has its own.</param>
    public static ImmutableArray<Account> Mint(int first, int count, string key, DateTimeOffset now, string? username)
    {
        var secret = Encoding.UTF8.GetBytes(key);
        var header = Base64Url.EncodeToString(Encoding.ASCII.GetBytes(Header));
        var accounts = ImmutableArray.CreateBuilder<Account>(count);
        for (var i = first; i < first + count; i++)
        {
            var id = IdOf(i).ToString("D");
            var claims = FormattableString.Invariant(
                $$"""{"tid":"{{Guid.NewGuid():D}}","uid":"{{id}}","usn":"{{username ?? FormattableString.Invariant($"bench{i}")}}","iat":{{now.ToUnixTimeSeconds()}},"exp":{{(now + Lifetime).ToUnixTimeSeconds()}}}""");
            var signed = $"{header}.{Base64Url.EncodeToString(Encoding.ASCII.GetBytes(claims))}";
            var signature = HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(signed));
            accounts.Add(new Account(id, $"{signed}.{Base64Url.EncodeToString(signature)}"));
        }

        return accounts.MoveToImmutable();
    }

    /// <summary>Reads accounts that somebody else has made: a line per user, its id and its token with a space between them.</summary>
    /// <exception cref="UsageException">There are too few, or a line is something else.</exception>
    public static ImmutableArray<Account> Read(IEnumerable<string> lines, int count)
    {
        var accounts = ImmutableArray.CreateBuilder<Account>();
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (accounts.Count == count)
                break;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var id, var token])
                throw new UsageException($"Line {number.ToString(CultureInfo.InvariantCulture)} of the tokens is not a user id, a space and a token.");
            accounts.Add(new Account(id, token));
        }

        return accounts.Count == count
            ? accounts.ToImmutable()
            : throw new UsageException(string.Create(
                CultureInfo.InvariantCulture, $"There are {accounts.Count} tokens for {count} connections; each needs one of its own."));
    }

    // A UUID of version 8 (RFC 9562): made by a rule of one's own.
    private static Guid IdOf(int user)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(number, user);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(number, hash);
        hash[6] = (byte)(hash[6] & 0x0f | 0x80);
        hash[8] = (byte)(hash[8] & 0x3f | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
