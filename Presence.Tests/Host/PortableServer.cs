namespace Presence.Tests.Host;

/// <summary>A server whose links without TLS are on the loops of every system, as where there are none of its own.</summary>
public class PortableServer : ServerFixture
{
    protected override IEnumerable<string> Settings => ["--Presence:Links:Transport=kestrel"];
}
