using System.Diagnostics.CodeAnalysis;

namespace Presence.Actors.Collections;

/// <summary>
/// What is due when: each item at most once, and none longer than it is wanted. A binary heap whose items know their places in it, so that
/// an item can be moved or removed without being looked for; the library's queue would keep what is not wanted any more until it is due.
/// </summary>
/// <typeparam name="T">The items; each may be in one queue.</typeparam>
internal sealed class DueQueue<T>
    where T : class, IQueued
{
    private readonly List<(T Item, long At)> _heap = [];

    /// <summary>How many items there are.</summary>
    public int Count => _heap.Count;

    /// <summary>The item that is due first.</summary>
    public bool TryPeek([NotNullWhen(true)] out T? item, out long at)
    {
        (item, at) = _heap.Count == 0 ? (null, 0) : _heap[0];
        return item is not null;
    }

    /// <summary>Says when an item is due, whether it was in the queue or not.</summary>
    /// <param name="item">The item.</param>
    /// <param name="at">When, on any clock as long as it is the same for all.</param>
    public void Set(T item, long at)
    {
        if (item.Place < 0)
        {
            _heap.Add((item, at));
            Rise(_heap.Count - 1, item, at);
        }
        else if (at < _heap[item.Place].At)
        {
            Rise(item.Place, item, at);
        }
        else
        {
            Sink(item.Place, item, at);
        }
    }

    /// <summary>Takes an item out, if it is in the queue.</summary>
    public void Remove(T item)
    {
        var place = item.Place;
        if (place < 0)
            return;
        item.Place = -1;
        var (last, at) = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (_heap.Capacity > 64 && _heap.Count < _heap.Capacity / 4)
            _heap.Capacity = _heap.Count * 2;
        if (ReferenceEquals(last, item))
            return;
        if (place > 0 && at < _heap[(place - 1) / 2].At)
            Rise(place, last, at);
        else
            Sink(place, last, at);
    }

    private void Rise(int place, T item, long at)
    {
        while (place > 0 && _heap[(place - 1) / 2] is var above && at < above.At)
        {
            Put(place, above.Item, above.At);
            place = (place - 1) / 2;
        }

        Put(place, item, at);
    }

    private void Sink(int place, T item, long at)
    {
        while ((place * 2) + 1 is var below && below < _heap.Count)
        {
            if (below + 1 < _heap.Count && _heap[below + 1].At < _heap[below].At)
                below++;
            var next = _heap[below];
            if (at <= next.At)
                break;
            Put(place, next.Item, next.At);
            place = below;
        }

        Put(place, item, at);
    }

    private void Put(int place, T item, long at)
    {
        _heap[place] = (item, at);
        item.Place = place;
    }
}

/// <summary>What can be in a <see cref="DueQueue{T}"/>.</summary>
internal interface IQueued
{
    /// <summary>The queue's own note of where the item is; -1 while it is in none.</summary>
    int Place { get; set; }
}
