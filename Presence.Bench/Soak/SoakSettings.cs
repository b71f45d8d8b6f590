namespace Presence.Bench.Soak;

/// <summary>What a soak does.</summary>
internal sealed record SoakSettings
{
    /// <summary>For how long it acts, in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>How many clients there are, each a user of its own. Every fourth one has a TCP link if there is a TCP port.</summary>
    public int Clients { get; init; } = 300;

    /// <summary>How many users a client follows at most.</summary>
    public int Follows { get; init; } = 30;

    /// <summary>How many actions there are per second, of all clients together.</summary>
    public double Rate { get; init; } = 500;

    /// <summary>How long a round is, in seconds; after each the clients rest and their state is checked.</summary>
    public double Round { get; init; } = 15;

    /// <summary>The time between two samples of the server, in seconds.</summary>
    public double SampleEvery { get; init; } = 5;

    /// <summary>How many seconds at the beginning do not count for growth.</summary>
    public double Settle { get; init; } = 300;

    /// <summary>How long the server may rest after all clients have left, in seconds, before it is sampled last.</summary>
    public double Rest { get; init; } = 60;

    /// <summary>How long answers and last events may take at the end of a round, in seconds.</summary>
    public double Patience { get; init; } = 30;

    /// <summary>The seed of the actions.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What makes these settings impossible, for the person who gave them.</summary>
    public IEnumerable<string> Faults()
    {
        if (Seconds is not (> 0 and <= 604_800))
            yield return "--seconds must be above 0 and at most 604800.";
        if (Clients is < 2 or > 15_000)
            yield return "--clients must be from 2 to 15000.";
        if (Follows < 1 || Follows >= Clients)
            yield return "--follows must be at least 1, and fewer than the clients.";
        if (Rate is not (> 0 and <= 1_000_000))
            yield return "--rate must be above 0 and at most 1000000 actions per second.";
        if (Round is not (> 0 and <= 3600))
            yield return "--round must be above 0 and at most 3600.";
        if (SampleEvery is not (>= 0.1 and <= 3600))
            yield return "--sample must be from 0.1 to 3600.";
        if (Settle is not (>= 0 and <= 86_400))
            yield return "--settle must be from 0 to 86400.";
        if (Rest is not (>= 0 and <= 3600))
            yield return "--rest must be from 0 to 3600.";
    }
}
