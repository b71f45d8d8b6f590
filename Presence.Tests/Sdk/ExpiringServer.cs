using Presence.Tests.Host;

namespace Presence.Tests.Sdk;

/// <summary>A server whose sessions last for eight seconds, of which the last three are told of (contract C4).</summary>
public sealed class ExpiringServer : ServerFixture
{
    protected override IEnumerable<string> Settings =>
        ["--Presence:Session:TokenLifetime=00:00:08", "--Presence:Session:ExpiryNotice=00:00:03"];
}
