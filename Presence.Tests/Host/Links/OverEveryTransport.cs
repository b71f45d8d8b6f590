using Xunit;

namespace Presence.Tests.Host.Links;

// The same bytes over whatever carries links: the loops of this system, which are the default, those of every system, and Kestrel, which
// has those with TLS.

public sealed class WebSocketTestsByDefault(ServerFixture server) : WebSocketTests(server), IClassFixture<ServerFixture>;

public sealed class WebSocketTestsOverPortableLoops(PortableServer server) : WebSocketTests(server), IClassFixture<PortableServer>;

public sealed class WebSocketTestsOverTls(TlsServer server) : WebSocketTests(server), IClassFixture<TlsServer>;

public sealed class WebSocketFaultTestsByDefault(ServerFixture server) : WebSocketFaultTests(server), IClassFixture<ServerFixture>;

public sealed class WebSocketFaultTestsOverPortableLoops(PortableServer server) : WebSocketFaultTests(server), IClassFixture<PortableServer>;

public sealed class WebSocketFaultTestsOverTls(TlsServer server) : WebSocketFaultTests(server), IClassFixture<TlsServer>;

public sealed class UpgradeTestsByDefault(ServerFixture server) : UpgradeTests(server), IClassFixture<ServerFixture>;

public sealed class UpgradeTestsOverPortableLoops(PortableServer server) : UpgradeTests(server), IClassFixture<PortableServer>;

public sealed class UpgradeTestsOverTls(TlsServer server) : UpgradeTests(server), IClassFixture<TlsServer>;

public sealed class TcpLinkTestsByDefault(ServerFixture server) : TcpLinkTests(server), IClassFixture<ServerFixture>;

public sealed class TcpLinkTestsOverPortableLoops(PortableServer server) : TcpLinkTests(server), IClassFixture<PortableServer>;

public sealed class TcpLinkTestsOverTls(TlsServer server) : TcpLinkTests(server), IClassFixture<TlsServer>;

public sealed class AuthenticateTimeoutTestsByDefault(AuthenticateTimeoutTests.Server server)
    : AuthenticateTimeoutTests(server), IClassFixture<AuthenticateTimeoutTests.Server>;

public sealed class AuthenticateTimeoutTestsOverPortableLoops(AuthenticateTimeoutTests.ServerOverPortableLoops server)
    : AuthenticateTimeoutTests(server), IClassFixture<AuthenticateTimeoutTests.ServerOverPortableLoops>;

public sealed class AuthenticateTimeoutTestsOverTls(AuthenticateTimeoutTests.ServerOverTls server)
    : AuthenticateTimeoutTests(server), IClassFixture<AuthenticateTimeoutTests.ServerOverTls>;

public sealed class LivenessTestsByDefault(LivenessTests.Server server) : LivenessTests(server), IClassFixture<LivenessTests.Server>;

public sealed class LivenessTestsOverPortableLoops(LivenessTests.ServerOverPortableLoops server)
    : LivenessTests(server), IClassFixture<LivenessTests.ServerOverPortableLoops>;

public sealed class LivenessTestsOverTls(LivenessTests.ServerOverTls server)
    : LivenessTests(server), IClassFixture<LivenessTests.ServerOverTls>;

public sealed class SlowReaderTestsByDefault(SlowReaderTests.Server server) : SlowReaderTests(server), IClassFixture<SlowReaderTests.Server>;

public sealed class SlowReaderTestsOverPortableLoops(SlowReaderTests.ServerOverPortableLoops server)
    : SlowReaderTests(server), IClassFixture<SlowReaderTests.ServerOverPortableLoops>;

public sealed class SlowReaderTestsOverTls(SlowReaderTests.ServerOverTls server)
    : SlowReaderTests(server), IClassFixture<SlowReaderTests.ServerOverTls>;

public sealed class LostNetworkTestsByDefault(LostNetworkTests.Server server) : LostNetworkTests(server), IClassFixture<LostNetworkTests.Server>;

public sealed class LostNetworkTestsOverPortableLoops(LostNetworkTests.ServerOverPortableLoops server)
    : LostNetworkTests(server), IClassFixture<LostNetworkTests.ServerOverPortableLoops>;

public sealed class LostNetworkTestsOverTls(LostNetworkTests.ServerOverTls server)
    : LostNetworkTests(server), IClassFixture<LostNetworkTests.ServerOverTls>;
