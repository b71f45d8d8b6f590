using System.Collections.Immutable;
using System.Globalization;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>What the oracle found: every breach, and figures.</summary>
public sealed record Verdict
{
    /// <summary>In the order of time.</summary>
    public required ImmutableArray<Finding> Findings { get; init; }

    /// <summary>What nodes, rather than messages to clients, did wrong.</summary>
    public ImmutableArray<string> NodeFaults { get; init; } = [];

    public required int Clients { get; init; }

    public required int Sessions { get; init; }

    public required int Updates { get; init; }

    public required int Follows { get; init; }

    public required int Events { get; init; }

    /// <summary>From an update to its arrival at a follower on the same node.</summary>
    public required Spread SameNode { get; init; }

    /// <summary>From an update to its arrival at a follower on another node.</summary>
    public required Spread OtherNode { get; init; }

    /// <summary>From the crash of a node to the leaves of its sessions.</summary>
    public required Spread CrashLeaves { get; init; }

    /// <summary>From the end of a link, the node living on, to its leave.</summary>
    public required Spread EndLeaves { get; init; }

    /// <summary>From requests to their replies.</summary>
    public required Spread Replies { get; init; }

    public bool IsClean => Findings.IsEmpty && NodeFaults.IsEmpty;

    /// <summary>Whether some of what is wrong may be right a little later.</summary>
    public bool MayStillSettle => Findings.Any(f => f.IsOfRest);

    /// <summary>Several verdicts as one.</summary>
    public static Verdict Of(IReadOnlyCollection<Verdict> verdicts)
    {
        return new Verdict
        {
            Findings = [.. verdicts.SelectMany(v => v.Findings)],
            NodeFaults = [.. verdicts.SelectMany(v => v.NodeFaults)],
            Clients = verdicts.Sum(v => v.Clients),
            Sessions = verdicts.Sum(v => v.Sessions),
            Updates = verdicts.Sum(v => v.Updates),
            Follows = verdicts.Sum(v => v.Follows),
            Events = verdicts.Sum(v => v.Events),
            SameNode = Sum(v => v.SameNode),
            OtherNode = Sum(v => v.OtherNode),
            CrashLeaves = Sum(v => v.CrashLeaves),
            EndLeaves = Sum(v => v.EndLeaves),
            Replies = Sum(v => v.Replies),
        };

        Spread Sum(Func<Verdict, Spread> part)
        {
            var sum = new Spread();
            foreach (var verdict in verdicts)
                sum.Add(part(verdict));
            return sum;
        }
    }

    public override string ToString()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"""
            {Clients} clients, {Sessions} sessions, {Updates} updates, {Follows} follows, {Events} events
            update to follower, same node:  {SameNode}
            update to follower, other node: {OtherNode}
            leave after a crash:            {CrashLeaves}
            leave after an end:             {EndLeaves}
            reply to a request:             {Replies}
            """);
        if (IsClean)
            return text + "\nno violation";
        if (!NodeFaults.IsEmpty)
            text += $"\n{NodeFaults.Length} faults of nodes; the first:\n{NodeFaults[0]}";
        if (Findings.IsEmpty)
            return text;
        var counts = string.Join(", ", Findings.GroupBy(f => f.Clause).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} {g.Count()}"));
        var firsts = Findings.DistinctBy(f => f.Clause).Select(f => f.Explain());
        return $"{text}\n{Findings.Length} violations ({counts}); the first of each clause:\n{string.Join("\n\n", firsts)}";
    }
}
