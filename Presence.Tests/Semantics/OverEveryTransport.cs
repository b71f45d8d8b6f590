using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Semantics;

// The same promises over whatever carries links: the loops of this system, which are the default, those of every system, and Kestrel, which
// has those with TLS.

public sealed class StatusSemanticsByDefault(ServerFixture server) : StatusSemantics(server), IClassFixture<ServerFixture>;

public sealed class StatusSemanticsOverKestrel(KestrelServer server) : StatusSemantics(server), IClassFixture<KestrelServer>;

public sealed class FollowSemanticsByDefault(ServerFixture server) : FollowSemantics(server), IClassFixture<ServerFixture>;

public sealed class FollowSemanticsOverKestrel(KestrelServer server) : FollowSemantics(server), IClassFixture<KestrelServer>;

public sealed class EventSemanticsByDefault(ServerFixture server) : EventSemantics(server), IClassFixture<ServerFixture>;

public sealed class EventSemanticsOverKestrel(KestrelServer server) : EventSemantics(server), IClassFixture<KestrelServer>;

public sealed class ReplySemanticsByDefault(ServerFixture server) : ReplySemantics(server), IClassFixture<ServerFixture>;

public sealed class ReplySemanticsOverKestrel(KestrelServer server) : ReplySemantics(server), IClassFixture<KestrelServer>;

public sealed class ReplySemanticsOverTls(TlsServer server) : ReplySemantics(server), IClassFixture<TlsServer>;

public sealed class ConnectionEndsByDefault(ServerFixture server) : ConnectionEnds(server), IClassFixture<ServerFixture>;

public sealed class ConnectionEndsOverKestrel(KestrelServer server) : ConnectionEnds(server), IClassFixture<KestrelServer>;

public sealed class ConnectionEndsOverTls(TlsServer server) : ConnectionEnds(server), IClassFixture<TlsServer>;

public sealed class BurstsByDefault(ServerFixture server) : Bursts(server), IClassFixture<ServerFixture>;

public sealed class BurstsOverKestrel(KestrelServer server) : Bursts(server), IClassFixture<KestrelServer>;
