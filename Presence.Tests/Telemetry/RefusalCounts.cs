using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Presence.Actors.Telemetry;

namespace Presence.Tests.Telemetry;

/// <summary>The refusals of one meter by limit, from the moment it is made. Other meters of the process do not count.</summary>
internal sealed class RefusalCounts : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly MeterListener _listener = new();

    private RefusalCounts(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, meter) && instrument.Name == Refusals.CounterName)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
            _counts.AddOrUpdate((string)tags[0].Value!, count, (_, before) => before + count));
        _listener.Start();
    }

    /// <summary>How often a limit has taken effect.</summary>
    public long this[string limit] => _counts.GetValueOrDefault(limit);

    public static RefusalCounts Of(Meter meter) => new(meter);

    public void Dispose() => _listener.Dispose();
}
