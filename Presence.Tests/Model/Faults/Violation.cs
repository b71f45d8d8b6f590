namespace Presence.Tests.Model.Faults;

/// <summary>A rule that was broken, and how.</summary>
internal sealed record Violation(string Rule, string What)
{
    /// <summary>A change does not start where the last one of its session ended (contract E2).</summary>
    public const string BrokenChain = "broken chain";

    /// <summary>A session left that neither erased its status nor ended (contract K2).</summary>
    public const string FalseLeave = "false leave";

    /// <summary>A session went back to what it had shown before, or came again after its leave (contract E4, E6).</summary>
    public const string Backward = "backward";

    /// <summary>A session is shown although its node is known to be removed (contract K3).</summary>
    public const string Ghost = "ghost";

    /// <summary>A status was shown that nobody had set.</summary>
    public const string Invented = "invented";

    /// <summary>What was told, change by change, is not what the book shows, from which the next follow is answered (contract F2).</summary>
    public const string UntoldBook = "untold book";

    /// <summary>After everything has settled, somebody's view is not the truth (contract E3).</summary>
    public const string Divergence = "divergence";

    /// <summary>After everything has settled, a home tells those who do not follow, or does not tell those who do (contract F8).</summary>
    public const string WrongWatchers = "wrong watchers";

    /// <summary>The messages do not come to an end although nothing happens.</summary>
    public const string NeverQuiet = "never quiet";

    /// <summary>After everything has settled, somebody still waits for an answer that will not come.</summary>
    public const string Waiting = "waiting";

    /// <summary>After everything has settled, somebody keeps more than one page of the relays of a node.</summary>
    public const string Leftover = "leftover";

    /// <inheritdoc/>
    public override string ToString() => $"{Rule}: {What}";
}
