
namespace Presence.Bench.Abuse.Scenarios;

/// <summary>Makes ids of users who do not exist. Each instance has a sequence of its own; not safe for use by several threads.</summary>
internal sealed class RandomIds(int seed)
{
    /// <summary>How many ids fit into a message of 64 KiB, each as 32 hexadecimal digits in quotes with a comma.</summary>
    public const int MostInMessage = 1800;

    private readonly Random _random = new(seed);

    /// <summary>Some ids, as 32 hexadecimal digits each.</summary>
    public string[] Next(int count)
    {
        var bytes = new byte[16 * count];
        _random.NextBytes(bytes);
        var ids = new string[count];
        for (var i = 0; i < count; i++)
        {
            var id = bytes.AsSpan(16 * i, 16);
            // A UUID of version 4.
            id[6] = (byte)(id[6] & 0x0f | 0x40);
            id[8] = (byte)(id[8] & 0x3f | 0x80);
            ids[i] = Convert.ToHexStringLower(id);
        }

        return ids;
    }
}
