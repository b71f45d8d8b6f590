using System.Collections.Immutable;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links.Codecs;

namespace Presence.Host.Links;

/// <summary>
/// Divides the answer to a follow that is longer than its reader takes: the answer lists the first users, as many as fit, and an event
/// with joins tells of each other user right behind it (protocol difference 0.15). Some client libraries drop a connection, or a message, above the
/// size of their receive buffer.
/// </summary>
/// <remarks>
/// A user is either in the answer or in events, and all parts come from the same answer, so that each user still appears from one instant
/// (contract F2). The caller must send the parts without anything between them.
/// </remarks>
internal static class ReplySplitter
{
    /// <summary>The least bound, in bytes: an event with the longest presence, each of its characters escaped, is shorter.</summary>
    public const int LeastBytes = 16 * 1024;

    // Field names, brackets, lengths, and the frame around all.
    private const int AroundAll = 128;

    // The two ids of a presence and the names of its fields, in the shorter of the formats.
    private const int LeastPresenceBytes = 64;

    /// <summary>Whether an answer is longer than a bound without any doubt, found without encoding it.</summary>
    public static bool IsAbove(ServerMessage.Snapshot answer, int bytes)
    {
        long least = 0;
        foreach (var (_, shown) in answer.Presences)
        {
            least += LeastPresenceBytes + shown.Username.Length + shown.Status.Length;
            if (least > bytes)
                return true;
        }

        return false;
    }

    /// <summary>The bound of a link.</summary>
    /// <param name="configured">The bound of the server; 0: none.</param>
    /// <param name="wished">The bound that the client asks for; null: none.</param>
    public static int BoundOf(int configured, int? wished)
    {
        if (wished is not > 0)
            return configured;
        var bound = Math.Max(wished.Value, LeastBytes);
        return configured == 0 ? bound : Math.Min(bound, configured);
    }

    /// <summary>The parts of an answer, each of at most so many bytes in the given format. Each is made when it is asked for.</summary>
    /// <param name="answer">The answer; what it lists of a user stands together.</param>
    /// <param name="bytes">The bound, at least <see cref="LeastBytes"/>.</param>
    /// <param name="codec">The format.</param>
    public static IEnumerable<ServerMessage> Split(ServerMessage.Snapshot answer, int bytes, EnvelopeCodec codec)
    {
        var room = (long)bytes - AroundAll;
        var left = room - codec.MostBytesOf(answer.Cid);
        var listed = 0;
        while (listed < answer.Presences.Length)
        {
            var end = EndOfUser(answer.Presences, listed);
            for (var next = listed; next < end; next++)
                left -= codec.MostBytesOf(answer.Presences[next]);
            if (left < 0)
                break;
            listed = end;
        }

        yield return answer with { Presences = answer.Presences[..listed] };
        for (var start = listed; start < answer.Presences.Length;)
        {
            var end = EndOfUser(answer.Presences, start);
            for (var next = start; next < end;)
            {
                var joins = ImmutableArray.CreateBuilder<StatusChange>();
                long size = 0;
                for (; next < end && (joins.Count == 0 || size + codec.MostBytesOf(answer.Presences[next]) <= room); next++)
                {
                    size += codec.MostBytesOf(answer.Presences[next]);
                    joins.Add(new StatusChange(null, answer.Presences[next].Status));
                }

                yield return new ServerMessage.StatusEvent(answer.Presences[start].User, joins.ToImmutable());
            }

            start = end;
        }
    }

    private static int EndOfUser(ImmutableArray<UserSession> presences, int start)
    {
        var end = start + 1;
        while (end < presences.Length && presences[end].User == presences[start].User)
            end++;
        return end;
    }
}
