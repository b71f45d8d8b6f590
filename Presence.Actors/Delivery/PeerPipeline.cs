using System.Threading.Channels;
using Akka;
using Akka.Event;
using Akka.Streams;
using Akka.Streams.Dsl;
using Presence.Actors.Messages;

namespace Presence.Actors.Delivery;

/// <summary>
/// The way of changes from the homes of this node to the relays of one other: sent at once while nothing waits, in batches of
/// what has gathered while the other node is busy, merged by subject while it is slow (contract K5).
/// </summary>
/// <remarks>
/// <para>
/// A few batches are under way at a time, each until it is answered. A batch that is not answered may have been lost. It is not
/// repeated, for it may be large and is old: its subjects go back into the backlog as unsure, and the relays that watch them
/// reconcile with their homes. That notice is itself part of a batch, so it is repeated until it has arrived.
/// </para>
/// <para>
/// The pipeline is a stream, since this is what streams are good at: demand decides when the backlog grows and when it is cut.
/// </para>
/// </remarks>
internal sealed class PeerPipeline
{
    private readonly Channel<Backlog.Item> _items =
        Channel.CreateUnbounded<Backlog.Item>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Func<PeerBatch, Task<PeerBatchAccepted>> _send;
    private readonly PeerSettings _settings;
    private readonly ILoggingAdapter _log;
    private readonly UniqueKillSwitch _end;
    private long _number;

    private PeerPipeline(
        IMaterializer materializer, Func<PeerBatch, Task<PeerBatchAccepted>> send, PeerSettings settings, ILoggingAdapter log)
    {
        _send = send;
        _settings = settings;
        _log = log;
        _end = ChannelSource.FromReader(_items.Reader)
            .ViaMaterialized(KillSwitches.Single<Backlog.Item>(), Keep.Right)
            .ConflateWithSeed(Backlog.Of, (backlog, item) => backlog.Add(item))
            .SelectMany(backlog => backlog.Cut(settings.BatchBytes))
            // An answer that is missing must not keep those behind it: their batches are through.
            .SelectAsyncUnordered(settings.Window, SendAsync)
            .To(Sink.Ignore<NotUsed>())
            .Run(materializer);
    }

    /// <summary>Opens the way to another node.</summary>
    /// <param name="materializer">Whose end ends the pipeline as well.</param>
    /// <param name="send">Sends a batch, and fails if no answer comes in time.</param>
    /// <param name="settings">Its sizes and times.</param>
    /// <param name="log">Where losses are told.</param>
    public static PeerPipeline Open(
        IMaterializer materializer, Func<PeerBatch, Task<PeerBatchAccepted>> send, PeerSettings settings, ILoggingAdapter log) =>
        new(materializer, send, settings, log);

    /// <summary>Takes a change that is to be told to the other node; any thread may call it. False: the pipeline has ended.</summary>
    public bool Tell(PresenceChanged change) => _items.Writer.TryWrite(Backlog.Item.Changed(change));

    /// <summary>Whether all that was told so far has been sent or gathered.</summary>
    public bool IsGathered => !_items.Reader.TryPeek(out _);

    /// <summary>Ends the pipeline: the other node is gone, and what waits for it with it.</summary>
    public void Close()
    {
        _items.Writer.TryComplete();
        _end.Shutdown();
    }

    private async Task<NotUsed> SendAsync(PeerBatch batch)
    {
        batch = batch with { Number = ++_number };
        try
        {
            await _send(batch).ConfigureAwait(false);
        }
        catch (Exception lost)
        {
            _log.Debug("Batch {0} of {1} changes was not answered: {2}", batch.Number, batch.Changes.Length, lost.Message);
            await Task.Delay(_settings.RetryAfter).ConfigureAwait(false);
            foreach (var change in batch.Changes)
                _items.Writer.TryWrite(Backlog.Item.Unsure(change.Subject));
            foreach (var subject in batch.Unsure)
                _items.Writer.TryWrite(Backlog.Item.Unsure(subject));
        }

        return NotUsed.Instance;
    }
}

/// <summary>The sizes and times of what goes from node to node.</summary>
/// <param name="BatchBytes">About how large a batch may be; far below the frame limit of the transport.</param>
/// <param name="Window">How many batches may be under way, unanswered.</param>
/// <param name="AnswerWithin">How long a batch may go unanswered before it counts as lost.</param>
/// <param name="RetryAfter">How long after that its subjects are told to be unsure.</param>
public sealed record PeerSettings(int BatchBytes, int Window, TimeSpan AnswerWithin, TimeSpan RetryAfter)
{
    /// <summary>What a server runs with.</summary>
    public static readonly PeerSettings Default = new(
        BatchBytes: 32 * 1024, Window: 4, AnswerWithin: TimeSpan.FromSeconds(3), RetryAfter: TimeSpan.FromMilliseconds(500));
}
