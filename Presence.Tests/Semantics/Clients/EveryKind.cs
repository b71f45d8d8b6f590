using Xunit;

namespace Presence.Tests.Semantics.Clients;

/// <summary>All kinds of links, for theories.</summary>
public sealed class EveryKind : TheoryData<LinkKind>
{
    public EveryKind() => AddRange([.. LinkKinds.All]);
}

/// <summary>
/// The kinds without the library, for theories about what an application cannot see through it: names of requests, bytes, the order of a
/// reply and an event, close codes, notices, malformed requests.
/// </summary>
public sealed class EveryRawKind : TheoryData<LinkKind>
{
    public EveryRawKind() => AddRange([.. LinkKinds.Raw]);
}
