using Presence.Tests.Host;

namespace Presence.Tests.Client.Cuts;

/// <summary>A server whose clients come and go faster than any limit allows.</summary>
public sealed class CutServer : ServerFixture
{
    protected override IEnumerable<string> Settings => ["--Presence:Limits:ConnectionsPerAddress=0"];
}
