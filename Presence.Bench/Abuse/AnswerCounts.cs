using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Presence.Bench.Abuse;

/// <summary>Counts what a server has answered to the clients of an abuse, by kind. Safe for use by several threads.</summary>
internal sealed class AnswerCounts
{
    /// <summary>The most kinds that are told apart; the others are counted together.</summary>
    private const int MaxKinds = 40;

    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts one answer.</summary>
    public void Add(string kind) => Add(kind, 1);

    /// <summary>Counts several answers.</summary>
    public void Add(string kind, long count)
    {
        if (_counts.Count >= MaxKinds && !_counts.ContainsKey(kind))
            kind = "other";
        _counts.AddOrUpdate(kind, count, (_, old) => old + count);
    }

    /// <summary>How many there were of a kind.</summary>
    public long this[string kind] => _counts.GetValueOrDefault(kind);

    /// <summary>All of them, the most frequent first.</summary>
    public ImmutableArray<AnswerCount> ToImmutable() =>
        [.. _counts.Select(c => new AnswerCount(c.Key, c.Value)).OrderByDescending(c => c.Count).ThenBy(c => c.Kind, StringComparer.Ordinal)];
}

/// <summary>How often the server gave one answer.</summary>
/// <param name="Kind">The answer: an HTTP status, the code and text of an error, a close code, or how the link ended.</param>
/// <param name="Count">How often.</param>
internal sealed record AnswerCount(string Kind, long Count);
