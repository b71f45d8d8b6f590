using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Presence.Bench.Sockets;

namespace Presence.Bench.Runs;

/// <summary>How far a run is, for those who watch it from another thread.</summary>
internal sealed class Progress
{
    private readonly ConcurrentQueue<string> _begun = new();
    private volatile string _phase = "starting";
    private volatile Crowd? _crowd;

    /// <summary>What is being done.</summary>
    public string Phase
    {
        get => _phase;
        set
        {
            _phase = value;
            _begun.Enqueue(ToString());
        }
    }

    /// <summary>Who does it.</summary>
    public Crowd? Crowd
    {
        get => _crowd;
        set => _crowd = value;
    }

    /// <summary>A line of a phase that has begun, however soon it is over; each is taken once.</summary>
    public bool TryTakeBegun([NotNullWhen(true)] out string? line) => _begun.TryDequeue(out line);

    /// <summary>A line of it. The numbers are of nearly the same instant.</summary>
    public override string ToString() => _crowd is not { } crowd ? _phase : FormattableString.Invariant(
        $"{_phase}: {crowd.Connected:N0} connected{Deliveries(crowd)}{Troubles(crowd.Faults)}");

    private static string Deliveries(Crowd crowd) => crowd.Tally is { Expected: > 0 } tally
        ? FormattableString.Invariant($", {tally.Received:N0} of {tally.Expected:N0} deliveries")
        : "";

    private static string Troubles(FaultLog faults) => faults.Refused + faults.CutOff + faults.Errors == 0
        ? ""
        : FormattableString.Invariant($", {faults.Refused:N0} refused, {faults.CutOff:N0} cut off, {faults.Errors:N0} errors");
}
