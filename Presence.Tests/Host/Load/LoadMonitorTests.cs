using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Dispatch;
using Presence.Actors.Telemetry;
using Presence.Host.Load;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Load;

/// <summary>What is measured, by a clock and loops of the test's own.</summary>
[Trait("Clause", "L5")]
public sealed class LoadMonitorTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly HeldLoop _loop = new(), _other = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LoadMonitor _monitor;
    private MemoryFigures _memory = new(0, 1000, 0, 1000, 0);
    private long _posted;
    private int _collections;
    private int _asked;
    private Func<MemoryFigures>? _afterCollection;

    public LoadMonitorTests()
    {
        var options = TestOptions.With();
        options.Value.Limits.OverloadLag = TimeSpan.FromSeconds(2);
        options.Value.Limits.OverloadMemoryPercent = 50;
        _monitor = new LoadMonitor(
            [_loop, _other],
            new LoadSources { Memory = () => _memory, PostedWork = () => _posted, Collections = () => _collections, Collect = Collect },
            options,
            _services.GetRequiredService<IMeterFactory>(),
            _time,
            NullLogger<LoadMonitor>.Instance);
    }

    public void Dispose()
    {
        _monitor.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void A_loop_that_does_not_come_to_its_work_makes_the_node_overloaded_until_it_does()
    {
        Sample(12);
        Assert.Equal(LoadLevel.Calm, _monitor.Level);

        _other.IsHeld = true;
        Sample(8);
        Assert.Equal(LoadLevel.Busy, _monitor.Level);
        Sample(8);
        Assert.Equal(LoadLevel.Overloaded, _monitor.Level);
        Assert.Single(_other.Held);

        _other.Release();
        Sample(19);
        Assert.Equal(LoadLevel.Overloaded, _monitor.Level);
        Sample(4);
        Assert.Equal(LoadLevel.Calm, _monitor.Level);
    }

    [Fact]
    public void A_heap_at_its_limit_makes_the_node_overloaded_at_once()
    {
        Sample(1);
        _memory = _memory with { Heap = 500 };
        Sample(1);
        Assert.Equal(LoadLevel.Overloaded, _monitor.Level);

        _memory = _memory with { Heap = 100 };
        Sample(21);
        Assert.Equal(LoadLevel.Calm, _monitor.Level);
    }

    [Fact]
    public void A_heap_of_garbage_is_no_load()
    {
        _afterCollection = () => _memory with { Heap = 100 };
        _memory = _memory with { Heap = 800 };
        Sample(1);
        Assert.Equal((LoadLevel.Calm, 1), (_monitor.Level, _asked));
    }

    [Fact]
    public void An_overloaded_node_finds_out_by_itself_that_memory_is_free()
    {
        _memory = _memory with { Heap = 500 };
        Sample(1);
        Assert.Equal(LoadLevel.Overloaded, _monitor.Level);

        // It collects now and then, and not all the time.
        Sample(80);
        Assert.InRange(_asked, 3, 6);
        _afterCollection = () => _memory with { Heap = 100 };
        Sample(44);
        Assert.Equal(LoadLevel.Calm, _monitor.Level);
    }

    [Fact]
    public void A_busy_node_that_does_nothing_finds_out_too_and_one_that_works_is_left_alone()
    {
        _memory = _memory with { Heap = 450 };
        for (var i = 0; i < 400; i++)
        {
            _collections++;
            Sample(1);
        }

        Assert.Equal((LoadLevel.Busy, 0), (_monitor.Level, _asked));
        Sample(4 * 60 * 10);
        Assert.InRange(_asked, 2, 7);
        _afterCollection = () => _memory with { Heap = 100 };
        Sample(4 * 60 * 20);
        Assert.Equal(LoadLevel.Calm, _monitor.Level);
    }

    [Fact]
    public void Work_that_waits_on_the_loops_counts_as_queued()
    {
        _posted = LoadLimits.MaxQueued;
        Sample(5);
        Assert.Equal(LoadLevel.Overloaded, _monitor.Level);
    }

    [Fact]
    public void The_level_is_a_metric()
    {
        var seen = new ConcurrentQueue<int>();
        using var listener = new MeterListener();
        var meter = _services.GetRequiredService<IMeterFactory>().Create(Refusals.MeterName);
        listener.InstrumentPublished = (instrument, mine) =>
        {
            if (ReferenceEquals(instrument.Meter, meter) && instrument.Name == "presence.load")
                mine.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, level, _, _) => seen.Enqueue(level));
        listener.Start();

        listener.RecordObservableInstruments();
        _memory = _memory with { Heap = 900 };
        Sample(1);
        listener.RecordObservableInstruments();

        Assert.Equal([0, 2], seen);
    }

    private void Collect()
    {
        _collections++;
        _asked++;
        if (_afterCollection is { } after)
            _memory = after();
    }

    private void Sample(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _monitor.Sample();
            _time.Advance(LoadMonitor.Period);
        }
    }

    /// <summary>Runs work when it is posted, or when the test says so.</summary>
    private sealed class HeldLoop : ILoop
    {
        public bool IsHeld { get; set; }

        public Queue<IThreadPoolWorkItem> Held { get; } = new();

        public void Post(IThreadPoolWorkItem work)
        {
            if (IsHeld)
                Held.Enqueue(work);
            else
                work.Execute();
        }

        public void Release()
        {
            IsHeld = false;
            while (Held.TryDequeue(out var work))
                work.Execute();
        }
    }
}
