using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Presence.Actors.Model;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>One session from its opening to its end: what it did, and what it heard.</summary>
/// <param name="Name">Which client, and its how-manieth session, as in <c>c17.2</c>.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Username">The name of the user, which no other user has.</param>
/// <param name="Node">The node that it is connected to.</param>
/// <param name="Opened">When it was there; what is told of other devices counts from then (contract F9).</param>
public sealed record Life(string Name, UserId User, string Username, int Node, TimeSpan Opened)
{
    /// <summary>The session id, if its client was told; otherwise its statuses tell.</summary>
    public string? Session { get; init; }

    /// <summary>What it did, in order. A session that appears online begins with the empty status.</summary>
    public ImmutableArray<Deed> Deeds { get; init; } = [];

    /// <summary>What it was told, in order.</summary>
    public ImmutableArray<Heard> Transcript { get; init; } = [];

    /// <summary>When it sent requests that have not been answered.</summary>
    public ImmutableArray<TimeSpan> Unanswered { get; init; } = [];

    /// <summary>Null while it lives.</summary>
    public Ending? Ending { get; init; }

    /// <summary>There is only one of each, whatever its contents.</summary>
    public bool Equals(Life? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public override string ToString() => $"{Name} ({Username}) on node {Node}";
}
