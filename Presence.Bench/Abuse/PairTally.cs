using System.Collections.Immutable;
using System.Text.Json;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;

namespace Presence.Bench.Abuse;

/// <summary>
/// What one side of a pair was told of the publisher's updates, which are numbered from 1. It is pure, and not safe for use by several
/// threads.
/// </summary>
internal sealed class PairTally
{
    private readonly ChainCheck _chain = new();
    private long _last;

    /// <summary>The number of the latest update that was shown.</summary>
    public long Last => _last;

    /// <summary>How many events showed an update.</summary>
    public long Received { get; private set; }

    /// <summary>How many updates were shown only by an event of a later one.</summary>
    public long Merged { get; private set; }

    /// <summary>How many events showed an update that had been shown, or one before it.</summary>
    public long Duplicated { get; private set; }

    /// <summary>How many changes broke the chain rule.</summary>
    public long Breaks => _chain.Breaks;

    /// <summary>The first breaks, in words.</summary>
    public ImmutableArray<string> Examples => _chain.Examples;

    /// <summary>The answer to the follow of the publisher.</summary>
    public void Answer(string publisher, JsonElement presences) => _chain.Answer([publisher], presences);

    /// <summary>An event has arrived; returns the numbers of the updates that it brings, none if it brings none.</summary>
    public (long First, long Last) Event(JsonElement change)
    {
        _chain.Event(change);
        if (!change.TryGetProperty("joins", out var joins))
            return (1, 0);
        var latest = 0L;
        foreach (var join in joins.EnumerateArray())
        {
            if (StatusMark.TryRead(Mark(join), out var mark))
                latest = Math.Max(latest, mark.Number);
        }

        if (latest == 0)
            return (1, 0);
        Received++;
        if (latest <= _last)
        {
            Duplicated++;
            return (1, 0);
        }

        var first = _last + 1;
        Merged += latest - first;
        _last = latest;
        return (first, latest);
    }

    /// <summary>How many of the acknowledged updates were never told of, nor a later one.</summary>
    public long Lost(long acknowledged) => Math.Max(0, acknowledged - _last);

    // What follows the "t:" of a status.
    private static byte[] Mark(JsonElement presence) =>
        presence.TryGetProperty("status", out var status) && status.GetString() is ['t', ':', .. var rest] ? System.Text.Encoding.ASCII.GetBytes(rest) : [];
}
