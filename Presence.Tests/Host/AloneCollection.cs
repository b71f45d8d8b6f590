using Xunit;

namespace Presence.Tests.Host;

/// <summary>Tests in which a client must be given the processor in time; nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
