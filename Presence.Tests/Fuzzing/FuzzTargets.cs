using System.Collections.Immutable;
using Presence.Tests.Fuzzing.Targets;

namespace Presence.Tests.Fuzzing;

/// <summary>All targets, by name.</summary>
internal static class FuzzTargets
{
    /// <summary>A new instance of each target, in a fixed order.</summary>
    public static ImmutableArray<Func<FuzzTarget>> All { get; } =
    [
        () => new LineTarget(),
        () => new DelimitedTarget(),
        () => new WebSocketTarget(),
        () => new HelloTarget(),
        () => new JsonTarget(),
        () => new ProtobufTarget(),
        () => new UpgradeHeadTarget(),
        () => new NodeMessageTarget(),
        () => new ClientJsonTarget(),
        () => new ClientProtobufTarget(),
        () => new ClientFramingTarget(),
        () => new JwtTarget(),
        () => new JwksTarget(),
        () => new LinkTarget(),
    ];

    /// <summary>The names of all targets.</summary>
    public static ImmutableArray<string> Names { get; } = [.. All.Select(make => make().Name)];

    /// <summary>A new instance of a target.</summary>
    public static FuzzTarget Of(string name) => All[Names.IndexOf(name)]();
}
