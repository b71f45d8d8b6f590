using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Semantics;

// The same promises over whatever carries links: the loops of this system, which are the default, those of every system, and Kestrel, which
// has those with TLS.

public sealed class StatusSemanticsByDefault(ServerFixture server) : StatusSemantics(server), IClassFixture<ServerFixture>;

public sealed class StatusSemanticsOverPortableLoops(PortableServer server) : StatusSemantics(server), IClassFixture<PortableServer>;

public sealed class FollowSemanticsByDefault(ServerFixture server) : FollowSemantics(server), IClassFixture<ServerFixture>;

public sealed class FollowSemanticsOverPortableLoops(PortableServer server) : FollowSemantics(server), IClassFixture<PortableServer>;

public sealed class EventSemanticsByDefault(ServerFixture server) : EventSemantics(server), IClassFixture<ServerFixture>;

public sealed class EventSemanticsOverPortableLoops(PortableServer server) : EventSemantics(server), IClassFixture<PortableServer>;

public sealed class EventSemanticsOverTls(TlsServer server) : EventSemantics(server), IClassFixture<TlsServer>;

public sealed class ReplySemanticsByDefault(ServerFixture server) : ReplySemantics(server), IClassFixture<ServerFixture>;

public sealed class ReplySemanticsOverPortableLoops(PortableServer server) : ReplySemantics(server), IClassFixture<PortableServer>;

public sealed class ReplySemanticsOverTls(TlsServer server) : ReplySemantics(server), IClassFixture<TlsServer>;

public sealed class ConnectionEndsByDefault(ServerFixture server) : ConnectionEnds(server), IClassFixture<ServerFixture>;

public sealed class ConnectionEndsOverPortableLoops(PortableServer server) : ConnectionEnds(server), IClassFixture<PortableServer>;

public sealed class ConnectionEndsOverTls(TlsServer server) : ConnectionEnds(server), IClassFixture<TlsServer>;

public sealed class BurstsByDefault(ServerFixture server) : Bursts(server), IClassFixture<ServerFixture>;

public sealed class BurstsOverPortableLoops(PortableServer server) : Bursts(server), IClassFixture<PortableServer>;

public sealed class BurstsOverTls(TlsServer server) : Bursts(server), IClassFixture<TlsServer>;
