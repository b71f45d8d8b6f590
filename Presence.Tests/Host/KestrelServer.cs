namespace Presence.Tests.Host;

/// <summary>A server whose links Kestrel carries, as on systems without event loops.</summary>
public sealed class KestrelServer : ServerFixture
{
    protected override IEnumerable<string> Settings => ["--Presence:Links:Transport=kestrel"];
}
