namespace Presence.Host.Links;

/// <summary>
/// Tells when so many links have gone, and so quietly it has been since, that the memory they left is better given back to the
/// system. Giving it back stops the process for as long as what is alive takes to be moved together, so it is not done while
/// many links are there, nor while they come and go.
/// </summary>
internal readonly record struct Ebb
{
    /// <summary>How many links must have gone at least; for fewer it is not worth it.</summary>
    public const int Least = 1000;

    /// <summary>How many links may be left: they are the ones that wait.</summary>
    public const int Left = 5000;

    /// <summary>How long it must have been calm: by then the homes of those who have gone have stopped, too.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromMinutes(1);

    /// <summary>The most links there have been since the last ebb.</summary>
    public int Most { get; private init; }

    private int Links { get; init; }

    private TimeSpan Since { get; init; }

    /// <summary>Whether it has come: at most half are left, and it has been calm for long enough.</summary>
    public bool HasCome => IsLow && Since >= Calm;

    private bool IsLow => Links <= Left && Links <= Most / 2 && Most - Links >= Least;

    /// <summary>What is known after a look.</summary>
    /// <param name="links">How many links there are now.</param>
    /// <param name="passed">How long ago the last look was.</param>
    public Ebb After(int links, TimeSpan passed)
    {
        // Few come and go all the time.
        var isCalm = IsLow && Math.Abs(links - Links) <= Math.Max(Links / 20, 10);
        return HasCome
            ? new Ebb { Most = links, Links = links }
            : new Ebb { Most = Math.Max(Most, links), Links = links, Since = isCalm ? Since + passed : default };
    }
}
