using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>That what links leave behind is given back.</summary>
public sealed class MemoryReturnTests : ILogger<MemoryReturn>
{
    private static readonly LinkTimes Long = new(3_600_000, 7_200_000, 7_200_000, FirstFrameHold: 3_600_000, CloseWait: 3_600_000);

    private readonly List<string> _told = [];

    [Fact]
    public void When_many_have_gone_and_it_is_calm_their_memory_is_collected_and_that_is_told()
    {
        using var links = new LinkSet();
        using var memory = new MemoryReturn(links, TimeProvider.System, this) { AliveAtMost = long.MaxValue };
        var left = ComeAndGo(links, memory);
        LookUntilTold(memory);
        Assert.Matches("^Of 1500 links 0 are left: .* was given back", Assert.Single(_told));
        Assert.All(left, link => Assert.False(link.IsAlive));
    }

    [Fact]
    public void Where_too_much_is_alive_to_be_moved_it_stays_where_it_is_and_that_is_told()
    {
        using var links = new LinkSet();
        using var memory = new MemoryReturn(links, TimeProvider.System, this) { AliveAtMost = 0 };
        ComeAndGo(links, memory);
        LookUntilTold(memory);
        Assert.Matches("^Of 1500 links 0 are left: .* is kept", Assert.Single(_told));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _told.Add(formatter(state, exception));

    private void LookUntilTold(MemoryReturn memory)
    {
        for (var calm = TimeSpan.Zero; calm <= Ebb.Calm; calm += MemoryReturn.Period)
        {
            Assert.Empty(_told);
            memory.Look();
        }
    }

    // In a method of its own, whose variables hold nothing any more when it has returned.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference[] ComeAndGo(LinkSet links, MemoryReturn memory)
    {
        var all = Enumerable.Range(0, 1500).Select(_ => new Link(LinkFormat.WebSocketJson, 64 * 1024, Long, holdsFirstFrame: false)).ToArray();
        foreach (var link in all)
            links.Add(link);
        memory.Look();
        foreach (var link in all)
            links.Remove(link);
        return [.. all.Select(link => new WeakReference(link))];
    }
}
