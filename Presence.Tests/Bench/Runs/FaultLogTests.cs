using Presence.Bench.Sockets;
using Xunit;

namespace Presence.Tests.Bench.Runs;

public sealed class FaultLogTests
{
    [Fact]
    public void All_are_counted_and_a_few_different_ones_are_kept()
    {
        var faults = new FaultLog();
        for (var i = 0; i < 100; i++)
        {
            faults.Refuse("no room");
            faults.Cut($"reason {i}");
        }

        faults.Err("too late to be an example");

        Assert.Equal((100, 100, 1), (faults.Refused, faults.CutOff, faults.Errors));
        Assert.Equal(["refused: no room", "cut off: reason 0", "cut off: reason 1", "cut off: reason 2", "cut off: reason 3"], faults.Examples.ToArray());
    }
}
