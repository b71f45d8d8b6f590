using System.Collections.Immutable;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>
/// Holds what every follower was told against what everybody did. Pure: a chronicle in, a verdict out.
/// </summary>
/// <remarks>
/// Merging of quick successive changes is allowed (contract L1), so a status in between may be skipped, but never the last.
/// Nothing else is: a follower that a crash or a move makes see anything which no deed of the maker explains has found a fault.
/// </remarks>
public static class Judge
{
    /// <summary>Judges a chronicle.</summary>
    /// <param name="chronicle">What happened.</param>
    /// <param name="bounds">How long things may take.</param>
    /// <param name="isAtRest">Whether nothing has been done for a while, so that everybody must know the truth by its end.</param>
    public static Verdict Of(Chronicle chronicle, Bounds bounds, bool isAtRest)
    {
        var truth = new Truth(chronicle, bounds);
        var figures = new Figures();
        var findings = new List<Finding>();
        foreach (var follower in chronicle.Lives)
        {
            var witness = new Witness(follower, truth, figures, findings);
            foreach (var heard in follower.Transcript)
                witness.Hear(heard);
            witness.Finish(isAtRest);
            CheckReplies(follower, truth, figures, findings);
        }

        return new Verdict
        {
            Findings = [.. findings.OrderBy(f => f.IsOfRest).ThenBy(f => f.At)],
            Clients = chronicle.Lives.Select(l => l.Name.Split('.')[0]).Distinct().Count(),
            Sessions = chronicle.Lives.Length,
            Updates = chronicle.Lives.Sum(l => l.Deeds.Length),
            Follows = figures.Follows,
            Events = figures.Events,
            SameNode = figures.SameNode,
            OtherNode = figures.OtherNode,
            CrashLeaves = figures.CrashLeaves,
            EndLeaves = figures.EndLeaves,
            Replies = figures.Replies,
        };
    }

    /// <summary>
    /// Every request is answered, whatever is wrong elsewhere in the cluster (contract F1). A server carries out the requests of a
    /// link one after the other, so the time of each begins when the one before has been answered.
    /// </summary>
    private static void CheckReplies(Life life, Truth truth, Figures figures, List<Finding> findings)
    {
        var free = TimeSpan.Zero;
        foreach (var (sent, answered) in RequestsOf(life).OrderBy(r => r.Sent).ThenBy(r => r.Answered ?? TimeSpan.MaxValue))
        {
            if (answered is { } at)
                figures.Replies.Add(at - sent);
            var deadline = truth.ReplyDeadline(sent > free ? sent : free, life.Node);
            // A request that its own link has outrun by ending is nobody's fault.
            if ((answered ?? truth.GoneFrom(life) ?? truth.End) > deadline)
            {
                findings.Add(new Finding(
                    "F1", $"a request of {sent.TotalSeconds:F3} {(answered is null ? "is not answered" : "was answered too late")}", deadline, life, life.Transcript.Length, life));
            }

            if (answered is null)
                return;
            free = answered.Value;
        }
    }

    private static ImmutableArray<(TimeSpan Sent, TimeSpan? Answered)> RequestsOf(Life life) =>
    [
        .. life.Deeds.Where(d => d.Acknowledged is not null).Select(d => (d.Sent, d.Acknowledged)),
        .. life.Transcript.OfType<Heard.Answer>().Select(a => (a.Asked, (TimeSpan?)a.At)),
        .. life.Transcript.OfType<Heard.Unfollowed>().Select(u => (u.Asked, (TimeSpan?)u.At)),
        .. life.Unanswered.Select(sent => (sent, (TimeSpan?)null)),
    ];
}

/// <summary>What is counted and measured on the way.</summary>
internal sealed class Figures
{
    public int Follows { get; set; }

    public int Events { get; set; }

    public Spread SameNode { get; } = new();

    public Spread OtherNode { get; } = new();

    public Spread CrashLeaves { get; } = new();

    public Spread EndLeaves { get; } = new();

    public Spread Replies { get; } = new();
}
