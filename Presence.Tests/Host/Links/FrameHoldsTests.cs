using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Tests.Host.Links.Codecs;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>When first frames that are held back go out.</summary>
[Trait("Clause", "0.3")]
public sealed class FrameHoldsTests : ILogger<FrameHolds>, IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly FrameHolds _holds;
    private readonly List<string> _told = [];

    public FrameHoldsTests() => _holds = new FrameHolds(_clock, this);

    public void Dispose() => _holds.Dispose();

    [Fact]
    public void Each_goes_out_when_its_time_has_come()
    {
        var late = Hold(200);
        var early = Hold(50);
        Pass(49);
        Assert.Equal((0, 0), (early.Writes, late.Writes));
        Pass(1);
        Assert.Equal((1, 0), (early.Writes, late.Writes));
        Pass(149);
        Assert.Equal((1, 0), (early.Writes, late.Writes));
        Pass(1);
        Assert.Equal((1, 1), (early.Writes, late.Writes));
    }

    [Fact]
    public void Those_of_nearly_the_same_time_go_out_within_a_grain()
    {
        var all = Enumerable.Range(0, 10).Select(i => Hold(50 + i)).ToArray();
        Pass(50);
        Assert.Equal(1, all.Sum(way => way.Writes));
        Pass((int)FrameHolds.Grain);
        Assert.All(all, way => Assert.Equal(1, way.Writes));
    }

    [Fact]
    public void One_that_fails_is_told_of_and_holds_up_nobody()
    {
        var all = Enumerable.Range(0, 7).Select(i => Hold(50, fails: i % 3 == 0)).ToArray();
        var later = Hold(100);
        Pass(50);
        Assert.All(all, way => Assert.Equal(1, way.Writes));
        Assert.Equal(3, _told.Count);
        Pass(50);
        Assert.Equal(1, later.Writes);
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _told.Add(formatter(state, exception));

    private void Pass(int milliseconds) => _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>A link that has something to say, and holds it back.</summary>
    private Way Hold(int milliseconds, bool fails = false)
    {
        var way = new Way(fails);
        var link = new Link(LinkFormat.WebSocketJson, 64 * 1024, new LinkTimes(1000, 2000, 3000, FirstFrameHold: milliseconds), _holds);
        link.Begin(way);
        link.Send(Samples.Event(new StatusChange(null, Samples.Shown("x"))));
        return way;
    }

    /// <summary>Counts how often it is told that there is something to write.</summary>
    private sealed class Way(bool fails) : ICarrier
    {
        public int Writes { get; private set; }

        public void WriteSoon()
        {
            Writes++;
            if (fails)
                throw new InvalidOperationException();
        }

        public void ReadSoon()
        {
        }

        public void ContinueSoon()
        {
        }

        public void Finish()
        {
        }

        public void Abort()
        {
        }
    }
}
