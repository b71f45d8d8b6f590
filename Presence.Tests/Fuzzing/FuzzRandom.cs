namespace Presence.Tests.Fuzzing;

/// <summary>
/// A source of random numbers whose values depend on its seed alone: on no runtime version and no platform, so that an input can
/// be made again anywhere from its seed and its index (SplitMix64).
/// </summary>
internal sealed class FuzzRandom(ulong seed)
{
    private const ulong Step = 0x9e3779b97f4a7c15;

    private ulong _state = seed;

    /// <summary>The numbers that belong to one input of one target.</summary>
    public static FuzzRandom Of(string target, long seed, long index) =>
        new(Mix(Hash(System.Text.Encoding.UTF8.GetBytes(target)) ^ Mix((ulong)seed + Step) ^ Mix(Mix((ulong)index) + Step)));

    /// <summary>The numbers that belong to these bytes: a replayed input is cut into the same pieces.</summary>
    public static FuzzRandom Of(ReadOnlySpan<byte> input) => new(Hash(input));

    /// <summary>Any number of 64 bits.</summary>
    public ulong NextUInt64() => Mix(_state += Step);

    /// <summary>A number from 0 to below <paramref name="end"/>, which is above 0.</summary>
    public int Below(int end) => (int)(NextUInt64() % (ulong)end);

    /// <summary>A number from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>True once in <paramref name="times"/> on average.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>One of the items.</summary>
    public T Any<T>(ReadOnlySpan<T> items) => items[Below(items.Length)];

    /// <summary>One of the items.</summary>
    public T Any<T>(T[] items) => items[Below(items.Length)];

    /// <summary>A number from 0 to <paramref name="most"/>; small ones are far more likely than large ones.</summary>
    public int Small(int most) => Below(1 + Below(1 + Below(most + 1)));

    /// <summary>Random bytes.</summary>
    public byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
            bytes[i] = (byte)NextUInt64();
        return bytes;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    // FNV-1a.
    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        var hash = 0xcbf29ce484222325;
        foreach (var b in bytes)
            hash = (hash ^ b) * 0x100000001b3;
        return hash;
    }
}
