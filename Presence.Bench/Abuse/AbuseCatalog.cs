using System.Collections.Immutable;
using Presence.Bench.Abuse.Scenarios;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>All abuses.</summary>
internal static class AbuseCatalog
{
    /// <summary>All of them, in the order in which they run.</summary>
    public static readonly ImmutableArray<IAbuse> All =
    [
        new Calm(),
        new UnknownIds(),
        new RandomFollows(),
        new IdleConnects("idle-http", LinkKind.WebSocket, needsTls: false),
        new IdleConnects("idle-tcp", LinkKind.Tcp, needsTls: false),
        new IdleConnects("idle-tls", LinkKind.WebSocket, needsTls: true),
        new HalfOpen(),
        new SlowLoris(),
        .. Flood.All,
        new AnnouncedFrames(),
        new ProtobufBombs(),
        new SlowReaders(),
        new UnreadAnswers("unread-answers", 2000),
        new UnreadAnswers("unread-ordinary-answers", 20),
        new MassCut(),
        new MassReconnect(),
        new OneUser(),
        new OneName(),
        new UserQueries(),
        new LongNames(),
    ];

    /// <summary>The abuse of a name.</summary>
    public static IAbuse Named(string name) => All.First(a => a.Name == name);
}
