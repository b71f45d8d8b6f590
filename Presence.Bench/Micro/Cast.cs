using Presence.Actors.Connections;
using Presence.Actors.Model;

namespace Presence.Bench.Micro;

/// <summary>Who and what the benchmarks are about: statuses of a usual length, of users with usual names.</summary>
internal static class Cast
{
    /// <summary>This node's relay.</summary>
    public static readonly RelayId Here = new(0x51a3c0de, 3, 1);

    /// <summary>A relay of another node.</summary>
    public static readonly RelayId There = new(0x1f00ba44, 3, 1);

    /// <summary>A user.</summary>
    public static readonly UserId User = UserNumber(0);

    /// <summary>What the homes know the user as.</summary>
    public static readonly Subject Subject = Subject.OfUser(User);

    /// <summary>A connection of the user.</summary>
    public static readonly SessionId Session = new(Guid.Parse("019ab1f3-6c4e-7d21-9a54-3f2f6f0f4c11"));

    /// <summary>One of many users.</summary>
    public static UserId UserNumber(int number) => new(new Guid(0x6f96bc43 + number, 0x7008, 0x4d2a, 0x8b, 0xe1, 0x1e, 0x73, 0x85, 0x9b, 0x30, 0x33));

    /// <summary>What the user's connection shows in a revision.</summary>
    public static SessionStatus Status(long revision) =>
        new(Session, "alice-of-wonderland", $$"""{"state":"in match","map":"dust","score":{{revision}}}""", revision);

    /// <summary>The page of a relay that shows a revision.</summary>
    public static Page Page(long version) => new(version, [Status(version)]);

    /// <summary>A status event from one revision to the next.</summary>
    public static ServerMessage.StatusEvent Event() => new(User, [new StatusChange(Status(1), Status(2))]);
}
