namespace Presence.Tests.Clusters.Oracle;

/// <summary>A promise that was not kept towards one follower.</summary>
/// <param name="Clause">Which.</param>
/// <param name="What">How, in words.</param>
/// <param name="At">When.</param>
/// <param name="Follower">Towards whom.</param>
/// <param name="Position">Where in the follower's transcript; its length for what did not come.</param>
/// <param name="Maker">The session that it is about, if it is about one.</param>
public sealed record Finding(string Clause, string What, TimeSpan At, Life Follower, int Position, Life? Maker = null)
{
    /// <summary>Whether it is about the state after everything has come to rest, and may be gone a little later.</summary>
    public bool IsOfRest { get; init; }

    /// <summary>The finding, with what its follower was told before and what its maker did.</summary>
    public string Explain()
    {
        var user = Maker?.User;
        var lines = new List<string> { $"{Clause} at {Time(At)}, towards {Follower}: {What}" };
        if (Maker is not null)
        {
            lines.Add($"  {Maker} opened at {Time(Maker.Opened)}{(Maker.Ending is { } end ? $", {(end.IsOwn ? "ended itself" : "was ended")} from {Time(end.From)} to {Time(end.At)}" : ", is there")}; its last deeds up to then:");
            lines.AddRange(Maker.Deeds.Where(d => d.Sent <= At).TakeLast(6).Select(d =>
                $"    {Time(d.Sent)} {(d.Status is { } text ? $"set '{text}'" : "erased")}, {(d.Acknowledged is { } done ? $"acknowledged {Time(done)}" : "never acknowledged")}"));
        }

        lines.Add($"  {Follower} opened at {Time(Follower.Opened)}{(Follower.Ending is { } over ? $", over at {Time(over.At)}" : "")}; what it was told{(user is null ? "" : " of that user")}:");
        var told = Follower.Transcript.Select((heard, i) => (Heard: heard, Position: i)).Where(h => user is not { } u || IsAbout(h.Heard, u)).ToList();
        lines.AddRange(told.Where(h => h.Position <= Position).TakeLast(12).Concat(told.Where(h => h.Position > Position).Take(3))
            .Select(h => $"  {(h.Position == Position ? "->" : "  ")}{Time(h.Heard.At)} {h.Heard}"));
        return string.Join('\n', lines);
    }

    public override string ToString() => $"{Clause} at {Time(At)}, towards {Follower}: {What}";

    private static bool IsAbout(Heard heard, Actors.Model.UserId user) => heard switch
    {
        Heard.Answer answer => answer.Names(user),
        Heard.Unfollowed unfollowed => unfollowed.Users.Contains(user),
        Heard.Event change => change.Joins.Concat(change.Leaves).Any(s => s.User == user),
        _ => true,
    };

    private static string Time(TimeSpan at) => $"{at.TotalSeconds:F3}";
}
