using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>When the heap is collected and compacted.</summary>
public sealed class IdleDetectorTests
{
    private const long Much = 10 * IdleDetector.LeastWork;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private IdleDetector _idle;
    private long _allocated;

    [Fact]
    public void After_work_the_idle_node_is_collected_and_compacted_twice_within_two_minutes()
    {
        Work(Much);
        var steps = Rest(TimeSpan.FromMinutes(2), free: Much);
        Assert.Equal([TrimStep.Collect, TrimStep.Compact, TrimStep.Collect, TrimStep.Compact], steps);
        Assert.Empty(Rest(TimeSpan.FromHours(1), free: Much));
    }

    [Fact]
    public void After_more_work_it_is_done_again()
    {
        Work(Much);
        Rest(TimeSpan.FromMinutes(10), free: Much);
        Work(Much);
        Assert.Equal(4, Rest(TimeSpan.FromMinutes(2), free: Much).Count);
    }

    [Fact]
    public void Without_enough_that_is_free_only_native_memory_is_returned()
    {
        Work(Much);
        Assert.Equal(
            [TrimStep.Collect, TrimStep.TrimNative, TrimStep.Collect, TrimStep.TrimNative],
            Rest(TimeSpan.FromMinutes(2), free: IdleDetector.LeastFree - 1));
    }

    [Fact]
    public void A_node_that_has_hardly_worked_is_left_alone()
    {
        Work(IdleDetector.LeastWork - 1);
        Assert.Empty(Rest(TimeSpan.FromHours(1), free: Much));
    }

    [Fact]
    public void A_node_that_works_is_left_alone()
    {
        for (var i = 0; i < 100; i++)
            Work((long)(IdleDetector.IdleRate * Look.TotalSeconds));
        Assert.Equal(TrimStep.None, _idle.Step);
    }

    [Fact]
    public void Little_work_now_and_then_adds_up()
    {
        Work(Much);
        Rest(TimeSpan.FromMinutes(10), free: Much);
        var steps = Rest(TimeSpan.FromMinutes(5), free: 0, allocatedPerLook: IdleDetector.LeastWork / 20);
        Assert.Contains(TrimStep.Collect, steps);
    }

    private void Work(long bytes)
    {
        _allocated += bytes;
        _idle = _idle.After(_allocated, 0, Look);
    }

    /// <summary>The steps of a time without work.</summary>
    private List<TrimStep> Rest(TimeSpan time, long free, long allocatedPerLook = 0)
    {
        var steps = new List<TrimStep>();
        for (var passed = TimeSpan.Zero; passed < time; passed += Look)
        {
            _allocated += allocatedPerLook;
            _idle = _idle.After(_allocated, free, Look);
            if (_idle.Step != TrimStep.None)
                steps.Add(_idle.Step);
        }

        return steps;
    }
}
