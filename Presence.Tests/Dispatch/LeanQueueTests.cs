using Akka.Actor;
using CsCheck;
using Presence.Actors.Dispatch;
using Xunit;

namespace Presence.Tests.Dispatch;

/// <summary>The queue of the lean mailbox, against an ordinary one.</summary>
public sealed class LeanQueueTests
{
    [Fact]
    public void Messages_come_out_in_the_order_in_which_they_went_in() =>
        Gen.Bool.List[0, 400].Sample(steps =>
        {
            var queue = new LeanQueue();
            var expected = new Queue<object>();
            var next = 0;
            foreach (var adds in steps)
            {
                if (adds)
                {
                    object message = next++;
                    queue.Enqueue(ActorRefs.Nobody, new Envelope(message, ActorRefs.NoSender));
                    expected.Enqueue(message);
                }
                else
                {
                    Assert.Equal(expected.TryDequeue(out var message), queue.TryDequeue(out var envelope));
                    Assert.Same(message, envelope.Message);
                }

                Assert.Equal(expected.Count, queue.Count);
                Assert.Equal(expected.Count > 0, queue.HasMessages);
            }
        });

    [Fact]
    public void Nothing_is_lost_between_threads()
    {
        const int each = 20_000;
        var queue = new LeanQueue();
        var writers = Enumerable.Range(0, 3).Select(writer => new Thread(() =>
        {
            for (var i = 0; i < each; i++)
                queue.Enqueue(ActorRefs.Nobody, new Envelope((writer, i), ActorRefs.NoSender));
        })).ToList();
        writers.ForEach(w => w.Start());
        var last = new[] { -1, -1, -1 };
        for (var taken = 0; taken < 3 * each;)
        {
            if (!queue.TryDequeue(out var envelope))
                continue;
            var (writer, i) = ((int, int))envelope.Message;
            Assert.Equal(last[writer] + 1, i);
            last[writer] = i;
            taken++;
        }

        writers.ForEach(w => w.Join());
        Assert.False(queue.HasMessages);
    }

    [Fact]
    public void A_steady_flow_allocates_nothing()
    {
        var queue = new LeanQueue();
        var message = new Envelope("x", ActorRefs.NoSender);
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Round();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round()
        {
            for (var i = 0; i < 50; i++)
                queue.Enqueue(ActorRefs.Nobody, message);
            while (queue.TryDequeue(out _))
            {
            }
        }
    }

    [Fact]
    public void What_a_stopped_actor_has_not_read_goes_to_the_dead_letters()
    {
        var queue = new LeanQueue();
        var dead = new LeanQueue();
        queue.Enqueue(ActorRefs.Nobody, new Envelope("a", ActorRefs.NoSender));
        queue.Enqueue(ActorRefs.Nobody, new Envelope("b", ActorRefs.NoSender));
        queue.CleanUp(ActorRefs.Nobody, dead);
        Assert.False(queue.HasMessages);
        Assert.Equal(2, dead.Count);
    }
}
