using System.Collections.Immutable;

namespace Presence.Bench.Sockets;

/// <summary>What went wrong, counted, with a few examples in words.</summary>
internal sealed class FaultLog
{
    private const int MaxExamples = 5;

    private readonly List<string> _examples = [];

    /// <summary>How many were not let in.</summary>
    public int Refused { get; private set; }

    /// <summary>How many were cut off.</summary>
    public int CutOff { get; private set; }

    /// <summary>How many requests were answered with an error, and how many errors answered none.</summary>
    public int Errors { get; private set; }

    /// <summary>How many requests of those who were still there were not answered in time.</summary>
    public int Unanswered { get; private set; }

    /// <summary>Different examples, the first ones.</summary>
    public ImmutableArray<string> Examples => [.. _examples];

    /// <summary>Somebody was not let in.</summary>
    public void Refuse(string why)
    {
        Refused++;
        Note($"refused: {why}");
    }

    /// <summary>Somebody was cut off.</summary>
    public void Cut(string why)
    {
        CutOff++;
        Note($"cut off: {why}");
    }

    /// <summary>The server has answered with an error.</summary>
    public void Err(string what)
    {
        Errors++;
        Note($"error: {what}");
    }

    /// <summary>The server has not answered so many requests.</summary>
    public void Miss(int requests, string what)
    {
        if (requests == 0)
            return;
        Unanswered += requests;
        Note($"unanswered: {what}");
    }

    private void Note(string example)
    {
        if (_examples.Count < MaxExamples && !_examples.Contains(example))
            _examples.Add(example);
    }
}
