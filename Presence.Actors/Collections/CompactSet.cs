using System.Diagnostics.CodeAnalysis;

namespace Presence.Actors.Collections;

/// <summary>
/// A set of objects, by reference, for the sets of which there are many and most are small: empty it takes nothing, with one
/// item no more than that, with a few an array, and only beyond <see cref="Small"/> the hash table that any set could be.
/// </summary>
/// <remarks>It is a value to save an object per set, so it is kept in a field that is not readonly, and never copied.</remarks>
/// <typeparam name="T">The items; never themselves an array or a set.</typeparam>
internal struct CompactSet<T>
    where T : class
{
    /// <summary>Up to here an array is searched from end to end, which is as fast as a hash table and a fourth of its size.</summary>
    public const int Small = 32;

    // Null, the one item, an array that begins with the items, or a hash table.
    private object? _items;
    private int _count;

    /// <summary>How many items there are.</summary>
    public readonly int Count => _count;

    /// <summary>Whether an item is in the set.</summary>
    public readonly bool Contains(T item) => _items switch
    {
        null => false,
        HashSet<T> many => many.Contains(item),
        T[] few => IndexOf(few, _count, item) >= 0,
        var one => ReferenceEquals(one, item),
    };

    /// <summary>Adds an item; says whether it was not in the set.</summary>
    public bool Add(T item)
    {
        switch (_items)
        {
            case null:
                _items = item;
                break;
            case HashSet<T> many:
                if (!many.Add(item))
                    return false;
                break;
            case T[] few:
                if (IndexOf(few, _count, item) >= 0)
                    return false;
                Append(few, item);
                break;
            default:
                if (ReferenceEquals(_items, item))
                    return false;
                _items = new T[] { (T)_items, item, null!, null! };
                break;
        }

        _count++;
        return true;
    }

    /// <summary>Makes room for items that are about to be added, so that the set grows once and not again and again.</summary>
    /// <param name="capacity">How many items there will be at most.</param>
    public void EnsureCapacity(int capacity)
    {
        if (capacity <= Small)
            return;
        if (_items is HashSet<T> many)
        {
            many.EnsureCapacity(capacity);
            return;
        }

        many = new HashSet<T>(capacity, ReferenceEqualityComparer.Instance);
        foreach (var item in this)
            many.Add(item);
        _items = many;
    }

    /// <summary>Removes an item; says whether it was in the set.</summary>
    public bool Remove(T item)
    {
        switch (_items)
        {
            case null:
                return false;
            case HashSet<T> many:
                if (!many.Remove(item))
                    return false;
                break;
            case T[] few:
                var at = IndexOf(few, _count, item);
                if (at < 0)
                    return false;
                few[at] = few[_count - 1];
                few[_count - 1] = null!;
                break;
            default:
                if (!ReferenceEquals(_items, item))
                    return false;
                break;
        }

        _count--;
        Shrink();
        return true;
    }

    /// <summary>The items, in no order that means anything; the set must not be changed meanwhile.</summary>
    public readonly Enumerator GetEnumerator() => new(_items, _count);

    /// <summary>The items, apart from the set.</summary>
    public readonly T[] ToArray()
    {
        var items = new T[_count];
        var at = 0;
        foreach (var item in this)
            items[at++] = item;
        return items;
    }

    private static int IndexOf(T[] items, int count, T item)
    {
        for (var i = 0; i < count; i++)
        {
            if (ReferenceEquals(items[i], item))
                return i;
        }

        return -1;
    }

    private void Append(T[] few, T item)
    {
        if (_count == Small)
        {
            _items = new HashSet<T>(few, ReferenceEqualityComparer.Instance) { item };
            return;
        }

        if (_count == few.Length)
        {
            // By half: there are more sets than additions that would profit from more room.
            Array.Resize(ref few, Math.Min(Small, _count + (_count / 2)));
            _items = few;
        }

        few[_count] = item;
    }

    // What was large once does not stay so: after a storm, memory returns.
    private void Shrink()
    {
        if (_count == 0)
        {
            _items = null;
        }
        else if (_items is HashSet<T> many && _count <= Small / 2)
        {
            var few = new T[Small];
            many.CopyTo(few);
            _items = few;
        }
    }

    /// <summary>Goes through a set.</summary>
    [SuppressMessage("Performance", "CA1815", Justification = "Nobody compares it.")]
    public struct Enumerator
    {
        private readonly object? _items;
        private readonly int _count;
        private HashSet<T>.Enumerator _many;
        private int _next;

        internal Enumerator(object? items, int count)
        {
            _items = items;
            _count = count;
            if (items is HashSet<T> many)
                _many = many.GetEnumerator();
        }

        /// <summary>The item that has been reached.</summary>
        public T Current { get; private set; } = null!;

        /// <summary>Goes on to the next item, if there is one.</summary>
        public bool MoveNext()
        {
            if (_next == _count)
                return false;
            switch (_items)
            {
                case HashSet<T>:
                    _many.MoveNext();
                    Current = _many.Current;
                    break;
                case T[] few:
                    Current = few[_next];
                    break;
                default:
                    Current = (T)_items!;
                    break;
            }

            _next++;
            return true;
        }
    }
}
