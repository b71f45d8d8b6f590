using System.Collections.Immutable;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Delivery;

/// <summary>
/// What is to be told to one other node and has not been sent, by subject: while that node is slow, further changes of a
/// subject are merged into the one that waits, so the backlog is bounded by what the node watches and not by how long it is
/// slow. A change that merging makes larger than <see cref="MaxChangeBytes"/> is not told: its subject is named as unsure, and the
/// relays that watch it are answered by its home in parts. Has one owner, the stream that builds it and cuts it into batches.
/// </summary>
internal sealed class Backlog
{
    /// <summary>How many bytes merged changes of one subject may have; the frame limit between nodes is eight times as much.</summary>
    public const int MaxChangeBytes = 512 * 1024;

    // In the order in which the subjects came.
    private readonly OrderedDictionary<Subject, Item> _items = [];

    /// <summary>A backlog of one item.</summary>
    public static Backlog Of(Item item) => new Backlog().Add(item);

    /// <summary>This backlog, and one item more.</summary>
    public Backlog Add(Item item)
    {
        if (_items.TryGetValue(item.Subject, out var waiting))
            _items[item.Subject] = waiting.Then(item);
        else
            _items.Add(item.Subject, item);
        return this;
    }

    /// <summary>The whole backlog, in batches without numbers.</summary>
    /// <param name="bytes">
    /// About how large a batch may be. One change that is larger is a batch by itself; a text outside of ASCII takes up to three
    /// times what is counted for it. A change is the page of one relay, or has at most <see cref="MaxChangeBytes"/>.
    /// </param>
    public IEnumerable<PeerBatch> Cut(int bytes)
    {
        var changes = ImmutableArray.CreateBuilder<PresenceChanged>();
        var unsure = ImmutableArray.CreateBuilder<Subject>();
        var size = 0;
        foreach (var item in _items.Values)
        {
            if (size > 0 && size + item.Size > bytes)
            {
                yield return new PeerBatch(0, changes.DrainToImmutable(), unsure.DrainToImmutable());
                size = 0;
            }

            size += item.Size;
            if (item.Change is { } change)
                changes.Add(change);
            if (item.IsUnsure)
                unsure.Add(item.Subject);
        }

        if (size > 0)
            yield return new PeerBatch(0, changes.DrainToImmutable(), unsure.DrainToImmutable());
    }

    /// <summary>What is to be told of one subject.</summary>
    /// <param name="Subject">The subject.</param>
    /// <param name="Change">A change of it; null if there is none to tell.</param>
    /// <param name="IsUnsure">Whether earlier changes may have been lost.</param>
    public readonly record struct Item(Subject Subject, PresenceChanged? Change, bool IsUnsure)
    {
        // The numbers, names and keys around the texts, in bytes; rather too much than too little.
        private const int Frame = 64;

        // An id of a session that shows nothing any more, likewise.
        private const int Id = 24;

        /// <summary>A change that is to be told.</summary>
        public static Item Changed(PresenceChanged change) => new(change.Subject, change, IsUnsure: false);

        /// <summary>A subject of which changes may have been lost.</summary>
        public static Item Unsure(Subject subject) => new(subject, null, IsUnsure: true);

        /// <summary>About how many bytes this is on the way.</summary>
        public int Size
        {
            get
            {
                var size = Frame + (Subject.Name?.Length ?? 0);
                if (Change is null)
                    return size;
                foreach (var page in Change.Pages)
                {
                    size += Frame + (page.Page is PageDifference difference ? difference.Hidden.Length * Id : 0);
                    foreach (var session in page.Page.Sessions)
                        size += Frame + session.Username.Length + session.Status.Length;
                }

                return size;
            }
        }

        /// <summary>This and what came after it.</summary>
        public Item Then(Item next)
        {
            var isUnsure = IsUnsure || next.IsUnsure;
            if (Change is not { } change || next.Change is not { } later)
                return new Item(Subject, next.Change ?? Change, isUnsure);
            var merged = change.Then(later);
            // A whole page is bounded by how many connections of one user its node may have, and nothing smaller says the same.
            var isBounded = merged.Pages is [{ Page: Page }] || merged.MaxBytes <= MaxChangeBytes;
            return isBounded ? new Item(Subject, merged, isUnsure) : Unsure(Subject);
        }
    }
}
