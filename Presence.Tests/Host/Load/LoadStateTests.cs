using System.Globalization;
using Presence.Host.Load;
using Xunit;

namespace Presence.Tests.Host.Load;

/// <summary>The rules by which the load level rises and falls.</summary>
[Trait("Clause", "L5")]
public sealed class LoadStateTests
{
    private static readonly LoadLimits Limits = new(TimeSpan.FromSeconds(2), 1000);

    /// <summary>
    /// What; and a history of "time in ms: lag in ms, memory in percent of the limit, queued = level", one sample each.
    /// </summary>
    public static TheoryData<string, string[]> Histories => new()
    {
        { "nothing happens", ["0: 0 0 0 = calm", "250: 1 50 10 = calm", "500: 499 84 249 = calm"] },
        { "memory acts at once", ["0: 0 84 0 = calm", "250: 0 85 0 = busy", "500: 0 100 0 = overloaded"] },
        { "memory skips a level", ["0: 0 0 0 = calm", "250: 0 120 0 = overloaded"] },
        { "lag acts after a second", ["0: 2000 0 0 = calm", "250: 2000 0 0 = calm", "999: 5000 0 0 = calm", "1000: 2000 0 0 = overloaded"] },
        { "less lag is busy", ["0: 500 0 0 = calm", "1000: 1999 0 0 = busy", "9000: 1999 0 0 = busy"] },
        { "a single pause is no load", ["0: 9000 0 0 = calm", "250: 3 0 0 = calm", "1000: 9000 0 0 = calm", "1250: 3 0 0 = calm"] },
        { "queues act like lag", ["0: 0 0 1000 = calm", "999: 0 0 1000 = calm", "1000: 0 0 1000 = overloaded"] },
        { "shorter queues are busy", ["0: 0 0 250 = calm", "1000: 0 0 999 = busy"] },
        { "the worst measure counts", ["0: 2000 85 0 = busy", "1000: 2000 85 0 = busy", "2000: 2000 85 0 = overloaded"] },
        { "the level falls after five seconds", ["0: 0 100 0 = overloaded", "250: 0 0 0 = overloaded", "5249: 0 0 0 = overloaded", "5250: 0 0 0 = calm"] },
        { "it falls to what is left", ["0: 0 100 0 = overloaded", "250: 0 90 0 = overloaded", "5250: 0 90 0 = busy", "9250: 0 0 0 = busy", "14250: 0 0 0 = calm"] },
        { "it does not fall while a measure is near", ["0: 0 100 0 = overloaded", "250: 0 95 0 = overloaded", "9000: 0 95 0 = overloaded", "9250: 0 94 0 = overloaded", "14250: 0 94 0 = busy"] },
        { "a high sample begins the wait anew", ["0: 0 100 0 = overloaded", "250: 0 0 0 = overloaded", "5000: 0 100 0 = overloaded", "5250: 0 0 0 = overloaded", "10249: 0 0 0 = overloaded", "10250: 0 0 0 = calm"] },
        { "lag in between begins it anew", ["0: 0 100 0 = overloaded", "250: 0 0 0 = overloaded", "5000: 1400 0 0 = overloaded", "5250: 0 0 0 = overloaded", "10250: 0 0 0 = calm"] },
        { "no flapping around the limit", ["0: 0 100 0 = overloaded", "250: 0 99 0 = overloaded", "500: 0 101 0 = overloaded", "750: 0 99 0 = overloaded", "9000: 0 99 0 = overloaded"] },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void The_level_follows_the_samples(string what, string[] history)
    {
        var state = new LoadState(Limits);
        foreach (var line in history)
        {
            var parts = line.Split([':', ' ', '='], StringSplitOptions.RemoveEmptyEntries);
            var numbers = parts[..4].Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            state = state.After(
                new LoadSample(TimeSpan.FromMilliseconds(numbers[1]), numbers[2] / 100, (long)numbers[3]), TimeSpan.FromMilliseconds(numbers[0]));
            Assert.True(Enum.Parse<LoadLevel>(parts[4], ignoreCase: true) == state.Level, $"{what}, {line}: {state.Level}");
        }
    }

    [Theory]
    [InlineData(0, 100, 0, 90, 50, 0)]
    [InlineData(40, 100, 0, 90, 50, 0.5)]
    [InlineData(80, 100, 0, 90, 50, 1)]
    [InlineData(40, 100, 90, 90, 50, 1)]
    [InlineData(40, 100, 45, 90, 50, 0.5)]
    [InlineData(40, 100, 81, 90, 50, 0.9)]
    [InlineData(40, 100, 90, 90, 20, 0.5)]
    [InlineData(40, 0, 90, 0, 20, 0)]
    public void Memory_is_the_heap_by_its_limit_or_the_machine_if_it_is_this_process_that_fills_it(
        long heap, long heapLimit, long load, long highLoad, long own, double share) =>
        Assert.Equal(share, new MemoryFigures(heap, heapLimit, load, highLoad, own).Share(0.8), 3);

    [Fact]
    public void The_runtime_has_all_figures()
    {
        GC.Collect();
        var now = MemoryFigures.Current();

        Assert.InRange(now.Heap, 1, now.HeapLimit);
        Assert.InRange(now.Load, 1, long.MaxValue);
        Assert.InRange(now.HighLoad, 1, long.MaxValue);
        Assert.InRange(now.Own, 1, long.MaxValue);
    }
}
