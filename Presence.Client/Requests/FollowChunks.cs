using System.Collections.Immutable;
using Presence.Client.Wire;

namespace Presence.Client.Requests;

/// <summary>Cuts lists of users into messages that any server takes.</summary>
internal static class FollowChunks
{
    /// <summary>
    /// The largest message that Nakama takes by default is 4096 bytes; the rest is for the envelope and the request's name.
    /// </summary>
    public const int MostBytes = 4000;

    // In quotes, with a comma; protobuf takes less.
    private const int IdBytes = 39;

    /// <summary>Follows of all these; none if there are none.</summary>
    public static List<ClientMessage.Follow> Follow(IEnumerable<Guid> ids, IEnumerable<string> names)
    {
        var chunks = new List<ClientMessage.Follow>();
        var (someIds, someNames) = (ImmutableArray.CreateBuilder<Guid>(), ImmutableArray.CreateBuilder<string>());
        var room = MostBytes;
        foreach (var id in ids)
        {
            Reserve(IdBytes);
            someIds.Add(id);
        }

        foreach (var name in names)
        {
            Reserve(MostBytesOf(name));
            someNames.Add(name);
        }

        Cut();
        return chunks;

        void Reserve(int bytes)
        {
            if (bytes > room)
                Cut();
            room -= bytes;
        }

        void Cut()
        {
            if (someIds.Count + someNames.Count > 0)
                chunks.Add(new ClientMessage.Follow(someIds.ToImmutable(), someNames.ToImmutable()));
            someIds.Clear();
            someNames.Clear();
            room = MostBytes;
        }
    }

    /// <summary>Unfollows of all these; none if there are none.</summary>
    public static List<ClientMessage.Unfollow> Unfollow(IEnumerable<Guid> ids) =>
        Follow(ids, []).ConvertAll(chunk => new ClientMessage.Unfollow(chunk.UserIds));

    // At worst every character becomes an escape of six bytes.
    private static int MostBytesOf(string name) => 6 * name.Length + 3;
}
