using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Presence.Actors.Dispatch;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;

namespace Presence.Host.Load;

/// <summary>
/// Samples the load of the node every <see cref="Period"/>, keeps its <see cref="LoadState"/>, and publishes it as the gauge
/// <c>presence.load</c>: 0 calm, 1 busy, 2 overloaded (contract L5).
/// </summary>
/// <remarks>
/// The collector's figures are those of its last collection. A node that has refused all new work, or whose clients have left, allocates
/// little, so no collection would come to show that memory is free again: then the monitor asks for one.
/// </remarks>
internal sealed partial class LoadMonitor : BackgroundService, ILoadState
{
    /// <summary>The name of the gauge.</summary>
    public const string GaugeName = "presence.load";

    /// <summary>How often the load is sampled.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    // How long after a full collection that it asked for the monitor may ask for the next one while the node is overloaded. Such
    // a collection stops all threads, so there is also a pause of 50 times what it took: at most 2 % of the time.
    private static readonly TimeSpan CollectEvery = TimeSpan.FromSeconds(5);
    private const int CollectShare = 50;

    // A node that is busy for its memory and has not collected for this long has nothing to do: a collection disturbs nobody. Each one that
    // the monitor asks for doubles the wait for the next, until the node collects by itself again.
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(15);

    private readonly ImmutableArray<LoopProbe> _probes;
    private readonly LoadSources _sources;
    private readonly TimeProvider _clock;
    private readonly ILogger<LoadMonitor> _log;
    private readonly double _heapPart;
    private readonly long _begin;
    private LoadState _state;
    private TimeSpan _collectFrom = TimeSpan.Zero;
    private TimeSpan _staleAfter = StaleAfter;
    private int _collections;
    private TimeSpan _collectedAt;

    /// <summary>A monitor of these loops and sources.</summary>
    public LoadMonitor(
        IEnumerable<ILoop> loops,
        LoadSources sources,
        IOptions<PresenceOptions> options,
        IMeterFactory meters,
        TimeProvider clock,
        ILogger<LoadMonitor> log)
    {
        var limits = options.Value.Limits;
        _probes = [.. loops.Select(loop => new LoopProbe(loop, clock))];
        (_sources, _clock, _log) = (sources, clock, log);
        _heapPart = limits.OverloadMemoryPercent / 100.0;
        _state = new LoadState(new LoadLimits(limits.OverloadLag, LoadLimits.MaxQueued));
        _begin = clock.GetTimestamp();
        meters.Create(Refusals.MeterName).CreateObservableGauge(
            GaugeName, () => (int)Level, description: "How loaded the node is: 0 calm, 1 busy, 2 overloaded.");
    }

    /// <inheritdoc/>
    public LoadLevel Level => Volatile.Read(ref _state).Level;

    private TimeSpan Now => _clock.GetElapsedTime(_begin);

    /// <summary>Takes one sample; to be called every <see cref="Period"/>, by one thread at a time.</summary>
    public void Sample()
    {
        var lag = TimeSpan.Zero;
        foreach (var probe in _probes)
        {
            var one = probe.Measure();
            lag = one > lag ? one : lag;
        }

        var memory = Memory();
        var sample = new LoadSample(lag, memory, _sources.PostedWork());
        var before = _state;
        var after = before.After(sample, Now);
        Volatile.Write(ref _state, after);
        if (after.Level == before.Level)
            return;
        if (after.Level == LoadLevel.Overloaded)
            BecameOverloaded(sample.Lag, sample.Memory, sample.Queued);
        else if (before.Level == LoadLevel.Overloaded)
            Recovered(after.Level);
        else
            Changed(after.Level);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _clock);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            Sample();
    }

    /// <summary>The share of memory in use, after a full collection if one is due.</summary>
    private double Memory()
    {
        var now = Now;
        if (_sources.Collections() != _collections)
        {
            _staleAfter = StaleAfter;
            Collected(now);
        }

        var memory = _sources.Memory().Share(_heapPart);
        if (IsNearLimit(memory))
        {
            if (now < _collectFrom)
                return memory;
        }
        else if (memory < LoadState.BusyMemoryHeldFrom || now - _collectedAt < _staleAfter)
        {
            return memory;
        }
        else
        {
            _staleAfter *= 2;
        }

        _sources.Collect();
        var took = Now - now;
        _collectFrom = Now + (took * CollectShare > CollectEvery ? took * CollectShare : CollectEvery);
        Collected(Now);
        return _sources.Memory().Share(_heapPart);
    }

    private bool IsNearLimit(double memory) => memory >= 1 || (Level == LoadLevel.Overloaded && memory >= LoadState.OverloadedMemoryHeldFrom);

    private void Collected(TimeSpan now)
    {
        _collections = _sources.Collections();
        _collectedAt = now;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The node is overloaded and refuses new work: loop lag {Lag}, memory {Memory:P0} of its limit, {Queued} items queued.")]
    private partial void BecameOverloaded(TimeSpan lag, double memory, long queued);

    [LoggerMessage(Level = LogLevel.Information, Message = "The node takes new work again: its load is {Level}.")]
    private partial void Recovered(LoadLevel level);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The load of the node is {Level}.")]
    private partial void Changed(LoadLevel level);
}
