using Microsoft.Extensions.Time.Testing;
using Presence.Host.Links.Rehearsing;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>Between the rounds of a rehearsal.</summary>
public sealed class CompilerCalmTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Where_next_to_nothing_is_compiled_one_look_is_enough() =>
        Assert.Equal(1, await LooksAsync(look => look * CompilerCalm.Few));

    [Fact]
    public async Task It_lasts_as_long_as_more_than_a_few_methods_are_compiled() =>
        Assert.Equal(4, await LooksAsync(look => Math.Min(look, 3) * (CompilerCalm.Few + 1)));

    [Fact]
    public async Task A_process_that_is_never_calm_is_not_waited_for_for_ever() =>
        Assert.Equal(CompilerCalm.MostLooks, await LooksAsync(look => look * 1000));

    [Fact]
    public async Task Whoever_stops_the_node_need_not_wait()
    {
        using var stop = new CancellationTokenSource();
        var calm = new CompilerCalm(() => 0, _clock).AwaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calm);
    }

    /// <summary>How many times it looks, until it has waited for long enough, at a process that has compiled so much by each.</summary>
    private async Task<int> LooksAsync(Func<int, long> compiled)
    {
        var looks = -1;
        using var patience = new CancellationTokenSource(Peer.Patience);
        var calm = new CompilerCalm(() => 1000 + compiled(++looks), _clock).AwaitAsync(patience.Token);
        Assert.False(calm.IsCompleted);
        while (!calm.IsCompleted)
        {
            _clock.Advance(CompilerCalm.Look);
            await Task.Yield();
        }

        await calm;
        return looks;
    }
}
