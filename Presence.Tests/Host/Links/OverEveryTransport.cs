using Xunit;

namespace Presence.Tests.Host.Links;

// The same bytes over whatever carries links: the event loops where there are any, which is the default, and Kestrel.

public sealed class WebSocketTestsByDefault(ServerFixture server) : WebSocketTests(server), IClassFixture<ServerFixture>;

public sealed class WebSocketTestsOverKestrel(KestrelServer server) : WebSocketTests(server), IClassFixture<KestrelServer>;

public sealed class WebSocketFaultTestsByDefault(ServerFixture server) : WebSocketFaultTests(server), IClassFixture<ServerFixture>;

public sealed class WebSocketFaultTestsOverKestrel(KestrelServer server) : WebSocketFaultTests(server), IClassFixture<KestrelServer>;

public sealed class UpgradeTestsByDefault(ServerFixture server) : UpgradeTests(server), IClassFixture<ServerFixture>;

public sealed class UpgradeTestsOverKestrel(KestrelServer server) : UpgradeTests(server), IClassFixture<KestrelServer>;

public sealed class TcpLinkTestsByDefault(TcpLinkTests.Server server) : TcpLinkTests(server), IClassFixture<TcpLinkTests.Server>;

public sealed class TcpLinkTestsOverKestrel(TcpLinkTests.ServerOverKestrel server)
    : TcpLinkTests(server), IClassFixture<TcpLinkTests.ServerOverKestrel>;

public sealed class LivenessTestsByDefault(LivenessTests.Server server) : LivenessTests(server), IClassFixture<LivenessTests.Server>;

public sealed class LivenessTestsOverKestrel(LivenessTests.ServerOverKestrel server)
    : LivenessTests(server), IClassFixture<LivenessTests.ServerOverKestrel>;
