using CsCheck;
using Presence.Host.Links;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>Frames on their way out, against a list of bytes.</summary>
public sealed class OutputQueueTests
{
    [Fact]
    public void Bytes_come_out_as_they_went_in_however_they_are_taken()
    {
        var frame = Gen.Byte.Array[1, 40].Select(bytes => new Step(bytes, 0, 0));
        var taken = Gen.Select(Gen.Int[0, 100], Gen.Int[0, 100], (room, wrote) => new Step(null, room, wrote));
        Gen.OneOf(frame, frame, taken).List[1, 60].Sample(steps =>
        {
            var queue = default(OutputQueue);
            var expected = new List<byte>();
            foreach (var step in steps)
            {
                if (step.Added is { } added)
                {
                    queue.Add(added);
                    expected.AddRange(added);
                }
                else
                {
                    var room = new byte[step.Room];
                    var copied = queue.CopyTo(room);
                    Assert.Equal(Math.Min(step.Room, expected.Count), copied);
                    Assert.Equal(expected.Take(copied), room.Take(copied));
                    var wrote = Math.Min(step.Wrote, copied);
                    queue.Remove(wrote);
                    expected.RemoveRange(0, wrote);
                }

                Assert.Equal(expected.Count, queue.Length);
            }
        });
    }

    [Fact]
    public void What_was_forgotten_does_not_come_out()
    {
        var queue = default(OutputQueue);
        queue.Add([1, 2, 3]);
        queue.Remove(1);
        queue.Clear();
        Assert.Equal(0, queue.Length);
        queue.Add([4, 5]);
        var room = new byte[10];
        Assert.Equal(2, queue.CopyTo(room));
        Assert.Equal([4, 5], room[..2]);
    }

    [Fact]
    public void More_than_was_there_cannot_have_gone_out()
    {
        var queue = default(OutputQueue);
        queue.Add([1, 2, 3]);
        Assert.Throws<ArgumentOutOfRangeException>(() => queue.Remove(4));
    }

    [Fact]
    [Trait("Clause", "L1")]
    public void A_steady_flow_allocates_nothing()
    {
        var queue = default(OutputQueue);
        var room = new byte[1000];
        byte[] frame = new byte[100];
        Round(ref queue);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Round(ref queue);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round(ref OutputQueue q)
        {
            for (var i = 0; i < 8; i++)
                q.Add(frame);
            while (q.CopyTo(room) is > 0 and var copied)
                q.Remove(copied);
        }
    }

    private sealed record Step(byte[]? Added, int Room, int Wrote);
}
