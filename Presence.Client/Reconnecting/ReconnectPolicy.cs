namespace Presence.Client;

/// <summary>
/// How a client that has lost its connection tries again: after waits that double from <see cref="FirstDelay"/> to
/// <see cref="MaxDelay"/>, each shortened by up to a half at random, so that the clients of a server do not all come back at once.
/// </summary>
public sealed class ReconnectPolicy
{
    /// <summary>The longest time that every timer takes.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(int.MaxValue);

    private readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(500);
    private readonly TimeSpan _maxDelay = TimeSpan.FromSeconds(30);
    private readonly TimeSpan? _giveUpAfter;

    /// <summary>
    /// Never tries again: the client ends with its connection. As ever, a token that is refused is replaced once by another.
    /// </summary>
    public static ReconnectPolicy None { get; } = new() { GiveUpAfter = TimeSpan.Zero };

    /// <summary>The longest wait before the first attempt; default 500 ms.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or above <see cref="int.MaxValue"/> ms, which is 24 days.</exception>
    public TimeSpan FirstDelay
    {
        get => _firstDelay;
        init => _firstDelay = Delay(value);
    }

    /// <summary>The longest wait, unless the server asks for a longer one when it refuses a connection; default 30 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, or above <see cref="int.MaxValue"/> ms, which is 24 days.</exception>
    public TimeSpan MaxDelay
    {
        get => _maxDelay;
        init => _maxDelay = Delay(value);
    }

    /// <summary>For how long, since it was last connected, the client tries before it ends; default null: for ever.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public TimeSpan? GiveUpAfter
    {
        get => _giveUpAfter;
        init => _giveUpAfter = value is null || value >= TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "A time is not negative.");
    }

    private static TimeSpan Delay(TimeSpan time) =>
        time >= TimeSpan.Zero && time <= Longest
            ? time
            : throw new ArgumentOutOfRangeException(nameof(time), time, $"A delay is not negative, and at most {Longest}.");
}
