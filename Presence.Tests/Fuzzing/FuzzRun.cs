using System.Diagnostics;

namespace Presence.Tests.Fuzzing;

/// <summary>
/// Runs a target on many inputs, on the calling thread. A second thread watches: an input that takes longer than
/// <see cref="LongestTime"/> is reported while it still runs.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target)
{
    /// <summary>The longest time that one input may take. Far above what any takes, since a busy machine may stop a thread for a while.</summary>
    public static readonly TimeSpan LongestTime = TimeSpan.FromSeconds(10);

    // Of one defect there may be very many findings; each kind is kept once.
    private readonly Dictionary<string, FuzzFinding> _findings = [];
    private readonly SortedDictionary<string, long> _outcomes = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private byte[]? _current;
    private string _origin = "";
    private long _begunAt;

    /// <summary>How many inputs were run.</summary>
    public long Inputs { get; private set; }

    /// <summary>How many inputs failed.</summary>
    public long Failures { get; private set; }

    /// <summary>How often there was each outcome.</summary>
    public IReadOnlyDictionary<string, long> Outcomes => _outcomes;

    /// <summary>The first finding of each kind.</summary>
    public IReadOnlyCollection<FuzzFinding> Findings => _findings.Values;

    /// <summary>Is told of an input that the target has not come back from; null: nobody is.</summary>
    public Action<FuzzFinding>? Hangs { get; init; }

    /// <summary>Runs the corpus.</summary>
    public void RunCorpus()
    {
        for (var i = 0; i < target.Corpus.Length; i++)
            RunOne(target.Corpus[i], $"corpus, input {i + 1}");
    }

    /// <summary>Runs fresh inputs until there were so many, or the time is over.</summary>
    /// <param name="seed">What the inputs come from.</param>
    /// <param name="first">The index of the first.</param>
    /// <param name="count">How many.</param>
    /// <param name="time">For how long.</param>
    /// <returns>The index of the next one.</returns>
    public long RunFresh(long seed, long first, long count, TimeSpan time)
    {
        var begin = Stopwatch.GetTimestamp();
        using var watch = new Timer(_ => Watch(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        var index = first;
        while (index < first + count && Stopwatch.GetElapsedTime(begin) < time)
        {
            RunOne(target.Input(seed, index), $"seed {seed}, index {index}");
            index++;
        }

        return index;
    }

    /// <summary>Runs one input.</summary>
    public void RunOne(byte[] input, string origin)
    {
        Inputs++;
        Begin(input, origin);
        try
        {
            var outcome = target.Check(input);
            var took = End();
            // Once more: the machine may have been busy.
            if (took > LongestTime)
            {
                Begin(input, origin);
                target.Check(input);
                took = End();
                FuzzFailure.Unless(took <= LongestTime, $"an input takes {took.TotalSeconds:F1} s");
            }

            _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + 1;
        }
        catch (Exception fault)
        {
            End();
            Failures++;
            var finding = new FuzzFinding(target.Name, origin, input, fault);
            _findings.TryAdd(finding.Kind, finding);
        }
    }

    private void Begin(byte[] input, string origin)
    {
        lock (_gate)
        {
            _current = input;
            _origin = origin;
            _begunAt = Stopwatch.GetTimestamp();
        }
    }

    private TimeSpan End()
    {
        lock (_gate)
        {
            _current = null;
            return Stopwatch.GetElapsedTime(_begunAt);
        }
    }

    private void Watch()
    {
        FuzzFinding? hang = null;
        lock (_gate)
        {
            // The limit is doubled, since the input may yet come back and be run again.
            if (_current is not null && Stopwatch.GetElapsedTime(_begunAt) > 3 * LongestTime)
                hang = new FuzzFinding(target.Name, _origin, _current, null);
        }

        if (hang is not null)
            Hangs?.Invoke(hang);
    }
}
