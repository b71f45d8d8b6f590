using CsCheck;

namespace Presence.Tests.Programs;

/// <summary>
/// One step of a random program. Numbers pick among what is there when the step is taken, so that any program makes sense and a
/// shorter one can be tried when one fails.
/// </summary>
public abstract record Step
{
    /// <summary>A device of a user connects.</summary>
    public sealed record Connect(int User, bool AppearsOnline) : Step;

    /// <summary>A connection shows a status; the same as before, if it repeats.</summary>
    public sealed record Set(int Connection, bool Repeats) : Step;

    public sealed record Erase(int Connection) : Step;

    /// <summary>A connection follows users, each bit of a mask one of them; by name, it follows all who share the name.</summary>
    public sealed record Follow(int Connection, int Users, bool ByName) : Step;

    public sealed record Unfollow(int Connection, int Users) : Step;

    public sealed record Disconnect(int Connection) : Step;

    /// <summary>Several devices of a user connect at one moment.</summary>
    public sealed record ConnectMany(int User, int Count) : Step;

    /// <summary>Connections end at one moment, each bit of a mask one of them.</summary>
    public sealed record Cut(int Connections) : Step;

    /// <summary>A client stops taking what it is sent, or takes it again.</summary>
    public sealed record Stall(int Connection) : Step;

    public sealed record Resume(int Connection) : Step;

    /// <summary>All requests are answered before the next step. Without it steps run into each other.</summary>
    public sealed record Wait : Step;

    /// <summary>Programs over a handful of users with several devices each. Some users have the same name.</summary>
    public static Gen<Step[]> Programs { get; } = Gen.Frequency(
        (4, Gen.Select(Gen.Int[0, World.Users - 1], Gen.Bool, Step (u, online) => new Connect(u, online))),
        (8, Gen.Select(Gen.Int[0, 99], Gen.Int[0, 4], Step (c, repeat) => new Set(c, repeat == 0))),
        (3, Gen.Select(Gen.Int[0, 99], Step (c) => new Erase(c))),
        (5, Gen.Select(Gen.Int[0, 99], Gen.Int[1, (1 << World.Users) - 1], Gen.Int[0, 3], Step (c, users, name) => new Follow(c, users, name == 0))),
        (2, Gen.Select(Gen.Int[0, 99], Gen.Int[1, (1 << World.Users) - 1], Step (c, users) => new Unfollow(c, users))),
        (2, Gen.Select(Gen.Int[0, 99], Step (c) => new Disconnect(c))),
        (1, Gen.Select(Gen.Int[0, World.Users - 1], Gen.Int[2, 8], Step (u, count) => new ConnectMany(u, count))),
        (1, Gen.Select(Gen.Int[1, (1 << World.MostConnections) - 1], Step (mask) => new Cut(mask))),
        (1, Gen.Select(Gen.Int[0, 99], Step (c) => new Stall(c))),
        (1, Gen.Select(Gen.Int[0, 99], Step (c) => new Resume(c))),
        (4, Gen.Const<Step>(new Wait()))).Array[4, 60];
}
