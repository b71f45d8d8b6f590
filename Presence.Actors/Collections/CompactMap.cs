using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Presence.Actors.Collections;

/// <summary>
/// A map for where there are many and most are small: two arrays side by side, searched from end to end, and only beyond
/// <see cref="Small"/> the hash table that any map could be. With twenty keys it takes a third of that.
/// </summary>
/// <typeparam name="TKey">The keys.</typeparam>
/// <typeparam name="TValue">What they stand for.</typeparam>
internal sealed class CompactMap<TKey, TValue>
    where TKey : struct, IEquatable<TKey>
{
    /// <summary>Up to here an array is searched from end to end.</summary>
    public const int Small = 64;

    private TKey[] _keys = [];
    private TValue[] _values = [];
    private int _count;

    // Null while the map is small; then it holds all.
    private Dictionary<TKey, TValue>? _many;

    /// <summary>How many keys there are.</summary>
    public int Count => _many?.Count ?? _count;

    /// <summary>What a key stands for; setting it adds the key if it is not there.</summary>
    /// <exception cref="KeyNotFoundException">The key is not there.</exception>
    public TValue this[TKey key]
    {
        get => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException();
        set
        {
            if (_many is not null)
                _many[key] = value;
            else if (IndexOf(key) is >= 0 and var at)
                _values[at] = value;
            else
                Append(key, value);
        }
    }

    /// <summary>Whether a key is there.</summary>
    public bool ContainsKey(TKey key) => _many?.ContainsKey(key) ?? IndexOf(key) >= 0;

    /// <summary>What a key stands for, if it is there.</summary>
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (_many is not null)
            return _many.TryGetValue(key, out value);
        var at = IndexOf(key);
        value = at < 0 ? default : _values[at];
        return at >= 0;
    }

    /// <summary>Adds a key; says whether it was not there.</summary>
    public bool TryAdd(TKey key, TValue value)
    {
        if (ContainsKey(key))
            return false;
        this[key] = value;
        return true;
    }

    /// <summary>Removes a key; says whether it was there.</summary>
    public bool Remove(TKey key)
    {
        if (_many is not null)
            return _many.Remove(key);
        var at = IndexOf(key);
        if (at < 0)
            return false;
        _count--;
        _keys[at] = _keys[_count];
        _values[at] = _values[_count];
        _values[_count] = default!;
        return true;
    }

    /// <summary>Makes room for this many keys, for whoever knows how many come.</summary>
    public void EnsureCapacity(int count)
    {
        if (count > Small)
            Many(count).EnsureCapacity(count);
        else if (_many is null && count > _keys.Length)
            Resize(count);
    }

    /// <summary>The keys and what they stand for, in no order that means anything; the map must not be changed meanwhile.</summary>
    public Enumerator GetEnumerator() => new(this);

    private int IndexOf(TKey key) => _keys.AsSpan(0, _count).IndexOf(key);

    private void Append(TKey key, TValue value)
    {
        if (_count == Small)
        {
            Many(Small * 2)[key] = value;
            return;
        }

        if (_count == _keys.Length)
            Resize(Math.Clamp(_count + (_count / 2), 4, Small));
        _keys[_count] = key;
        _values[_count++] = value;
    }

    private Dictionary<TKey, TValue> Many(int capacity)
    {
        if (_many is not null)
            return _many;
        _many = new(capacity);
        for (var i = 0; i < _count; i++)
            _many[_keys[i]] = _values[i];
        (_keys, _values, _count) = ([], [], 0);
        return _many;
    }

    private void Resize(int length)
    {
        Array.Resize(ref _keys, length);
        Array.Resize(ref _values, length);
    }

    /// <summary>Goes through a map.</summary>
    [SuppressMessage("Performance", "CA1815", Justification = "Nobody compares it.")]
    public struct Enumerator
    {
        private readonly CompactMap<TKey, TValue> _map;
        private Dictionary<TKey, TValue>.Enumerator _many;
        private readonly int _count;
        private int _next;

        internal Enumerator(CompactMap<TKey, TValue> map)
        {
            _map = map;
            _count = map._count;
            if (map._many is { } many)
                _many = many.GetEnumerator();
        }

        /// <summary>What has been reached.</summary>
        public KeyValuePair<TKey, TValue> Current { get; private set; }

        /// <summary>Goes on to the next key, if there is one.</summary>
        public bool MoveNext()
        {
            if (_map._many is not null)
            {
                var isThere = _many.MoveNext();
                Current = _many.Current;
                return isThere;
            }

            // A table notices that by itself.
            Debug.Assert(_count == _map._count, "The map was changed while somebody went through it.");
            if (_next == _count)
                return false;
            Current = new(_map._keys[_next], _map._values[_next]);
            _next++;
            return true;
        }
    }
}
