using System.Security.Cryptography;
using System.Text;
using Presence.Actors.Model;

namespace Presence.Host.Http;

/// <summary>
/// A way in which an application names its users to this server. The server keeps no table of them (protocol difference
/// 0.10): the user id follows from the name, so it is the same after a restart and on every node.
/// </summary>
/// <param name="Name">Stands in the path of the endpoint.</param>
/// <param name="LeastBytes">The shortest name, in bytes of UTF-8.</param>
internal sealed record AccountKind(string Name, int LeastBytes)
{
    /// <summary>By the id of a device.</summary>
    public static readonly AccountKind Device = new("device", 10);

    /// <summary>By an id of the application's own.</summary>
    public static readonly AccountKind Custom = new("custom", 6);

    private const int MostBytes = 128;
    private const int UsernameLength = 10;
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>Why this does not name a user; null if it does.</summary>
    public string? Fault(string? id)
    {
        if (string.IsNullOrEmpty(id))
            return $"A {Name} id is required.";
        if (id.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            return $"A {Name} id has neither spaces nor control characters.";
        return Encoding.UTF8.GetByteCount(id) is var bytes && (bytes < LeastBytes || bytes > MostBytes)
            ? $"A {Name} id has {LeastBytes} to {MostBytes} bytes."
            : null;
    }

    /// <summary>The user that this id names: a UUID of version 8, made of a SHA-256.</summary>
    public UserId UserOf(string id)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"presence:{Name}:{id}")).AsSpan(0, 16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new UserId(new Guid(bytes, bigEndian: true));
    }

    /// <summary>The name of a user who brings none: ten letters that follow from the user id.</summary>
    /// <param name="user">The user.</param>
    /// <param name="attempt">Another number, another name: for when somebody else has taken the first.</param>
    public static string UsernameOf(UserId user, int attempt)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"presence:username:{user}:{attempt}"));
        return string.Create(UsernameLength, hash, static (name, bytes) =>
        {
            for (var i = 0; i < name.Length; i++)
                name[i] = Letters[bytes[i] % Letters.Length];
        });
    }
}
