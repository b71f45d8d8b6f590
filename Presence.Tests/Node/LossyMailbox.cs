using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using Presence.Actors.Messages;

namespace Presence.Tests.Node;

/// <summary>
/// The mailbox of a node that loses some of what relays, shards, homes and nodes say to each other: as the default mailbox it is
/// between region and home, between home and relay, and at the door of other nodes. Nothing else is lost.
/// </summary>
public sealed class LossyMailbox(Settings settings, Config config) : MailboxType(settings, config), IProducesMessageQueue<UnboundedMessageQueue>
{
    private static long _lost;

    private readonly double _loss = config.GetDouble("loss");

    /// <summary>How many messages have been lost in this process.</summary>
    public static long Lost => Interlocked.Read(ref _lost);

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new Queue(_loss);

    private sealed class Queue(double loss) : IMessageQueue, IUnboundedMessageQueueSemantics
    {
        private readonly UnboundedMessageQueue _kept = new();

        public bool HasMessages => _kept.HasMessages;

        public int Count => _kept.Count;

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            if (envelope.Message is IClusterMessage && Random.Shared.NextDouble() < loss)
                Interlocked.Increment(ref _lost);
            else
                _kept.Enqueue(receiver, envelope);
        }

        public bool TryDequeue(out Envelope envelope) => _kept.TryDequeue(out envelope);

        public void CleanUp(IActorRef owner, IMessageQueue deadletters) => _kept.CleanUp(owner, deadletters);
    }
}
