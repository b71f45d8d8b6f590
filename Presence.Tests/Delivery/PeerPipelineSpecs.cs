using System.Threading.Channels;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Presence.Actors.Delivery;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Tests.Client.Faults;
using Presence.Tests.Node;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Delivery;

/// <summary>A pipeline whose other node is played by the test: it sees each batch and answers when it likes.</summary>
[Trait("Clause", "K5")]
public sealed class PeerPipelineSpecs : ActorSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Channel<(PeerBatch Batch, TaskCompletionSource<PeerBatchAccepted> Answer)> _arrived =
        Channel.CreateUnbounded<(PeerBatch, TaskCompletionSource<PeerBatchAccepted>)>();

    private readonly PeerPipeline _pipeline;
    private int _unanswered;
    private volatile int _mostUnanswered;

    public PeerPipelineSpecs() => _pipeline = PeerPipeline.Open(
        Sys.Materializer(),
        batch =>
        {
            _mostUnanswered = Math.Max(_mostUnanswered, Interlocked.Increment(ref _unanswered));
            var answer = new TaskCompletionSource<PeerBatchAccepted>(TaskCreationOptions.RunContinuationsAsynchronously);
            _arrived.Writer.TryWrite((batch, answer));
            return AnsweredAsync(answer.Task);
        },
        PeerSettings.Default with { Window = 2, RetryAfter = TimeSpan.FromMilliseconds(1) },
        Logging.GetLogger(Sys, this));

    [Fact]
    public async Task While_nothing_waits_each_change_goes_at_once()
    {
        for (var i = 1; i <= 5; i++)
        {
            _pipeline.Tell(Changed(i, R2, PageAt(i)));
            var (batch, answer) = await NextAsync();
            Assert.Equal(i, batch.Number);
            Assert.Equal(i, Assert.Single(batch.Changes).Sequence);
            answer.SetResult(new PeerBatchAccepted(batch.Number));
        }
    }

    [Fact]
    public async Task While_the_other_node_is_busy_what_comes_is_gathered_and_merged()
    {
        _pipeline.Tell(Changed(1, R2, PageAt(1)));
        var first = await NextAsync();
        _pipeline.Tell(Changed(2, R2, PageAt(2)));
        var second = await NextAsync();
        for (var i = 3; i <= 1000; i++)
            _pipeline.Tell(Changed(i, R2, PageAt(i)));
        await Until.TrueAsync(() => _pipeline.IsGathered, "all to be gathered");
        first.Answer.SetResult(new PeerBatchAccepted(1));
        second.Answer.SetResult(new PeerBatchAccepted(2));

        long last = 2;
        var batches = 0;
        while (last < 1000)
        {
            var (batch, answer) = await NextAsync();
            var change = Assert.Single(batch.Changes);
            Assert.Equal(last + 1, change.Since);
            last = change.Sequence;
            batches++;
            answer.SetResult(new PeerBatchAccepted(batch.Number));
        }

        Assert.Equal(2, _mostUnanswered);
        // What the stream took before the window closed, what it gathered, and what came while that was sent.
        Assert.InRange(batches, 1, 4);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task The_subjects_of_a_batch_that_is_not_answered_are_unsure_until_that_is_answered()
    {
        var other = Subject.OfName("ann");
        _pipeline.Tell(Changed(1, R2, PageAt(1)));
        var lost = await NextAsync();
        lost.Answer.SetException(new AskTimeoutException("no answer"));

        var notice = await NextAsync();
        Assert.Equal(User, Assert.Single(notice.Batch.Unsure));
        Assert.Empty(notice.Batch.Changes);
        notice.Answer.SetException(new AskTimeoutException("no answer"));
        notice = await NextAsync();
        Assert.Equal(User, Assert.Single(notice.Batch.Unsure));
        notice.Answer.SetResult(new PeerBatchAccepted(notice.Batch.Number));

        _pipeline.Tell(Changed(1, R2, PageAt(1)) with { Subject = other });
        var next = await NextAsync();
        Assert.Equal(other, Assert.Single(next.Batch.Changes).Subject);
        Assert.Empty(next.Batch.Unsure);
    }

    [Fact]
    [Trait("Clause", "K2")]
    public async Task A_batch_that_is_not_answered_does_not_keep_those_that_are()
    {
        _pipeline.Tell(Changed(1, R2, PageAt(1)));
        await NextAsync();
        for (var i = 2; i <= 5; i++)
        {
            _pipeline.Tell(Changed(i, R2, PageAt(i)));
            var (batch, answer) = await NextAsync();
            Assert.Equal(i, Assert.Single(batch.Changes).Sequence);
            answer.SetResult(new PeerBatchAccepted(batch.Number));
        }
    }

    [Fact]
    public async Task A_pipeline_that_has_ended_takes_nothing()
    {
        _pipeline.Tell(Changed(1, R2, PageAt(1)));
        await NextAsync();
        _pipeline.Close();
        Assert.False(_pipeline.Tell(Changed(2, R2, PageAt(2))));
    }

    private async Task<PeerBatchAccepted> AnsweredAsync(Task<PeerBatchAccepted> answer)
    {
        try
        {
            return await answer;
        }
        finally
        {
            Interlocked.Decrement(ref _unanswered);
        }
    }

    private async Task<(PeerBatch Batch, TaskCompletionSource<PeerBatchAccepted> Answer)> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        return await _arrived.Reader.ReadAsync(patience.Token);
    }
}
