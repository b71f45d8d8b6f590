namespace Presence.Tests.Clusters.Kit;

/// <summary>What has gone from one node to another.</summary>
/// <param name="Messages">How many messages of Presence's own.</param>
/// <param name="Bytes">How many bytes their frames had.</param>
/// <param name="Lost">How many of them were dropped on the way.</param>
public readonly record struct Traffic(long Messages, long Bytes, long Lost)
{
    public static Traffic operator +(Traffic a, Traffic b) => new(a.Messages + b.Messages, a.Bytes + b.Bytes, a.Lost + b.Lost);

    public static Traffic operator -(Traffic a, Traffic b) => new(a.Messages - b.Messages, a.Bytes - b.Bytes, a.Lost - b.Lost);
}
