using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Presence.Actors.Dispatch;

/// <summary>
/// The mailbox of actors of which there are very many and to which few messages are on their way at a time. It holds nothing
/// until the first message, and allocates nothing per message; Akka's own begins with a kilobyte.
/// </summary>
public sealed class LeanMailbox : MailboxType, IProducesMessageQueue<LeanQueue>
{
    /// <summary>The name by which actors ask for it.</summary>
    public const string Name = "presence.lean-mailbox";

    /// <summary>For Akka.</summary>
    public LeanMailbox(Settings settings, Config config)
        : base(settings, config)
    {
    }

    /// <inheritdoc/>
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new LeanQueue();
}

/// <summary>
/// The oldest message, and a ring of those behind it: what is handled one by one, as most is, touches no memory but the queue's own.
/// The ring grows when it is full, and is given up when it has been emptied after having grown large.
/// </summary>
public sealed class LeanQueue : IMessageQueue, IUnboundedMessageQueueSemantics
{
    private const int Least = 4;
    private const int Kept = 64;

    private Envelope _first;
    private Envelope[] _ring = [];
    private int _head;
    private int _count;

    /// <inheritdoc/>
    public bool HasMessages => Volatile.Read(ref _count) > 0;

    /// <inheritdoc/>
    public int Count => Volatile.Read(ref _count);

    private int Behind => _count - 1;

    /// <inheritdoc/>
    public void Enqueue(IActorRef receiver, Envelope envelope)
    {
        // The queue is its own lock: nobody else has it, and a lock object per actor would cost what is saved.
        lock (this)
        {
            if (_count == 0)
            {
                _first = envelope;
            }
            else
            {
                if (Behind == _ring.Length)
                    Grow();
                _ring[(_head + Behind) & (_ring.Length - 1)] = envelope;
            }

            Volatile.Write(ref _count, _count + 1);
        }
    }

    /// <inheritdoc/>
    public bool TryDequeue(out Envelope envelope)
    {
        // A mailbox asks until there is nothing more, and then asks once more whether something has come: no need of the lock.
        if (!HasMessages)
        {
            envelope = default;
            return false;
        }

        lock (this)
        {
            if (_count == 0)
            {
                envelope = default;
                return false;
            }

            envelope = _first;
            if (Behind == 0)
                _first = default;
            else
                Advance();
            Volatile.Write(ref _count, _count - 1);
            return true;
        }
    }

    /// <inheritdoc/>
    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        ArgumentNullException.ThrowIfNull(deadletters);
        while (TryDequeue(out var envelope))
            deadletters.Enqueue(owner, envelope);
    }

    private void Advance()
    {
        _first = _ring[_head];
        _ring[_head] = default;
        _head = (_head + 1) & (_ring.Length - 1);
        if (Behind > 1 || _ring.Length <= Kept)
            return;
        _ring = [];
        _head = 0;
    }

    private void Grow()
    {
        var larger = new Envelope[_ring.Length == 0 ? Least : _ring.Length * 2];
        for (var i = 0; i < _ring.Length; i++)
            larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        _ring = larger;
        _head = 0;
    }
}
