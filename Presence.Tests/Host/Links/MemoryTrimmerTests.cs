using System.Runtime;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>That memory nobody uses is returned to the system.</summary>
[Collection(AloneCollection.Name)]
public sealed class MemoryTrimmerTests : ILogger<MemoryTrimmer>
{
    private readonly List<string> _told = [];

    [Fact]
    public void An_idle_node_returns_what_nobody_uses_and_says_so()
    {
        using var memory = new MemoryTrimmer(TimeProvider.System, this) { InUseAtMost = long.MaxValue };
        var left = Fill();
        LookUntilTold(memory);
        Assert.Matches("^Returned memory to the system", _told[0]);
        Assert.All(left, block => Assert.False(block.IsAlive));
    }

    [Fact]
    public void Where_too_much_is_in_use_to_be_moved_it_stays_where_it_is_and_that_is_told()
    {
        using var memory = new MemoryTrimmer(TimeProvider.System, this) { InUseAtMost = 0 };
        Fill();
        LookUntilTold(memory);
        Assert.Matches("^Did not return memory to the system", _told[0]);
    }

    [Fact]
    [Trait("Clause", "L2")]
    public async Task The_runtime_does_not_stop_the_process_to_move_the_old_generation_together()
    {
        var before = GCSettings.LatencyMode;
        using var memory = new MemoryTrimmer(TimeProvider.System, this);
        try
        {
            await memory.StartAsync(CancellationToken.None);
            Assert.Equal(GCLatencyMode.SustainedLowLatency, GCSettings.LatencyMode);
            await memory.StopAsync(CancellationToken.None);
        }
        finally
        {
            GCSettings.LatencyMode = before;
        }
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _told.Add(formatter(state, exception));

    // Looks are a simulated five seconds apart, and the node is idle for two minutes.
    private void LookUntilTold(MemoryTrimmer memory)
    {
        const long work = 1L << 40;
        for (var i = 0; i < 24 && _told.Count == 0; i++)
        {
            memory.Look(work);
            // A collection beside the work takes a moment; the looks of a server are further apart.
            if (i > 0)
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }

        Assert.NotEmpty(_told);
    }

    // In a method of its own, whose variables hold nothing any more when it has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] Fill() =>
        [.. Enumerable.Range(0, 100).Select(_ => new byte[1024 * 1024]).ToArray().Select(block => new WeakReference(block))];
}
