using Xunit;

namespace Presence.Tests.Semantics.Clients;

/// <summary>All kinds of links, for theories.</summary>
public sealed class EveryKind : TheoryData<LinkKind>
{
    public EveryKind() => AddRange(Enum.GetValues<LinkKind>());
}
