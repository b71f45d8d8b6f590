using Xunit;

namespace Presence.Tests.Host.Links;

// The same bytes over whatever carries links: the loops of this system, which are the default, those of every system, and Kestrel, which
// has those with TLS.

public sealed class WebSocketTestsByDefault(ServerFixture server) : WebSocketTests(server), IClassFixture<ServerFixture>;

public sealed class WebSocketTestsOverKestrel(KestrelServer server) : WebSocketTests(server), IClassFixture<KestrelServer>;

public sealed class WebSocketTestsOverTls(TlsServer server) : WebSocketTests(server), IClassFixture<TlsServer>;

public sealed class WebSocketFaultTestsByDefault(ServerFixture server) : WebSocketFaultTests(server), IClassFixture<ServerFixture>;

public sealed class WebSocketFaultTestsOverKestrel(KestrelServer server) : WebSocketFaultTests(server), IClassFixture<KestrelServer>;

public sealed class WebSocketFaultTestsOverTls(TlsServer server) : WebSocketFaultTests(server), IClassFixture<TlsServer>;

public sealed class UpgradeTestsByDefault(ServerFixture server) : UpgradeTests(server), IClassFixture<ServerFixture>;

public sealed class UpgradeTestsOverKestrel(KestrelServer server) : UpgradeTests(server), IClassFixture<KestrelServer>;

public sealed class UpgradeTestsOverTls(TlsServer server) : UpgradeTests(server), IClassFixture<TlsServer>;

public sealed class TcpLinkTestsByDefault(TcpLinkTests.Server server) : TcpLinkTests(server), IClassFixture<TcpLinkTests.Server>;

public sealed class TcpLinkTestsOverKestrel(TcpLinkTests.ServerOverKestrel server)
    : TcpLinkTests(server), IClassFixture<TcpLinkTests.ServerOverKestrel>;

public sealed class TcpLinkTestsOverTls(TcpLinkTests.ServerOverTls server)
    : TcpLinkTests(server), IClassFixture<TcpLinkTests.ServerOverTls>;

public sealed class LivenessTestsByDefault(LivenessTests.Server server) : LivenessTests(server), IClassFixture<LivenessTests.Server>;

public sealed class LivenessTestsOverKestrel(LivenessTests.ServerOverKestrel server)
    : LivenessTests(server), IClassFixture<LivenessTests.ServerOverKestrel>;

public sealed class LivenessTestsOverTls(LivenessTests.ServerOverTls server)
    : LivenessTests(server), IClassFixture<LivenessTests.ServerOverTls>;
