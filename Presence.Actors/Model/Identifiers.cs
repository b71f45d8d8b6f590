using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Presence.Actors.Model;

/// <summary>Names a user. Who a user is comes from the token alone: there is no table of users.</summary>
/// <param name="Value">The identifier; written as a lower-case canonical UUID.</param>
public readonly record struct UserId(Guid Value)
{
    private const string UrnPrefix = "urn:uuid:";

    /// <summary>
    /// Reads a user id in any of the usual spellings of a UUID (contract F3): canonical, with braces, as a URN, or as
    /// 32 hexadecimal digits; case does not matter.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out UserId id)
    {
        id = default;
        if (text is null)
            return false;
        var span = text.AsSpan();
        if (span.StartsWith(UrnPrefix, StringComparison.OrdinalIgnoreCase))
            span = span[UrnPrefix.Length..];
        var format = span.Length switch { 32 => "N", 36 => "D", 38 => "B", _ => null };
        if (format is null || !Guid.TryParseExact(span, format, out var value))
            return false;
        id = new UserId(value);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>
/// Names one connection of a user; never used twice. It is a UUID of version 7 (RFC 9562), so it says when the connection began,
/// and of two connections of a user which is the newer (contract C3).
/// </summary>
/// <param name="Value">The identifier; written as a lower-case canonical UUID.</param>
public readonly record struct SessionId(Guid Value)
{
    // In units of 1/4096 ms since 1970, as in the first 64 bits of the last id that was made.
    private static long _last;

    /// <summary>A session id that nobody has, newer than all that were made in this process before it, whatever the clock does.</summary>
    public static SessionId New()
    {
        var ticks = DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks;
        var now = (ticks / TimeSpan.TicksPerMillisecond << 12) | (ticks % TimeSpan.TicksPerMillisecond << 12) / TimeSpan.TicksPerMillisecond;
        long last, next;
        do
        {
            last = Volatile.Read(ref _last);
            next = Math.Max(now, last + 1);
        }
        while (Interlocked.CompareExchange(ref _last, next, last) != last);

        Span<byte> bytes = stackalloc byte[16];
        // 48 bits of milliseconds, the version, and 12 bits of their fraction, instead of random ones.
        BinaryPrimitives.WriteInt64BigEndian(bytes, ((next >> 12) << 16) | 0x7000 | (next & 0xfff));
        RandomNumberGenerator.Fill(bytes[8..]);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new SessionId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>
    /// Whether this connection began later than another. Of two different ones exactly one is the newer, and all nodes say the same;
    /// but if they began on different nodes, it is by those nodes' clocks.
    /// </summary>
    public bool IsNewerThan(SessionId other) => Value.CompareTo(other.Value) > 0;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}

/// <summary>
/// What a book is about: a user (the sessions with a status) or a username (the users who have it, whatever their
/// status: it is how a follow by name finds its user, contract F6).
/// </summary>
public readonly record struct Subject
{
    private Subject(UserId user, string? name)
    {
        User = user;
        Name = name;
    }

    /// <summary>The user; meaningless when <see cref="Name"/> is set.</summary>
    public UserId User { get; }

    /// <summary>The username, compared exactly; null when the subject is a user.</summary>
    public string? Name { get; }

    /// <summary>The subject of a user's statuses.</summary>
    public static Subject OfUser(UserId user) => new(user, null);

    /// <summary>The subject of those who have a username.</summary>
    public static Subject OfName(string name) => new(default, name);

    /// <inheritdoc/>
    public override string ToString() => Name is null ? $"user {User}" : $"name {Name}";
}

/// <summary>
/// Names one relay for ever: a relay that is restarted is another relay, with pages of its own.
/// </summary>
/// <param name="Node">The cluster's unique id of the node that it lives on.</param>
/// <param name="Index">Which of the node's relays it is.</param>
/// <param name="Incarnation">A number that no other relay of the node has had; higher than those of all that were started before.</param>
public readonly record struct RelayId(int Node, int Index, int Incarnation)
{
    /// <summary>Whether this relay was started in the place of another one, or of one that was: the other one is gone for good.</summary>
    public bool Succeeds(RelayId other) => IsInPlaceOf(other) && Incarnation > other.Incarnation;

    /// <summary>Whether the two are the same relay, or one was started in the place of the other.</summary>
    internal bool IsInPlaceOf(RelayId other) => Node == other.Node && Index == other.Index;

    /// <inheritdoc/>
    public override string ToString() => $"{(uint)Node:x8}/{Index}.{Incarnation}";
}
