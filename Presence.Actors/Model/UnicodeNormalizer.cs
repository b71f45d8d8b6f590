using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Presence.Actors.Model;

/// <summary>
/// Normalisation form C of Unicode (UAX #15): the composed spelling of a text, so that two spellings of the same characters compare equal.
/// </summary>
/// <remarks>
/// Not <see cref="string.Normalize()"/>: the server runs without ICU (invariant globalization), where that returns its input. With tables
/// of its own all nodes of a release agree, whatever their system. Code points that were assigned after Unicode 14 stay as they are.
/// </remarks>
internal static class UnicodeNormalizer
{
    // No character below composes with a character below.
    private const char FirstCombining = '\u0300';

    private const int LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, SBase = 0xAC00;
    private const int LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Lazy<Tables> Data = new(Tables.Read);

    /// <summary>Normalises a text. Takes time that grows with its length as sorting does.</summary>
    /// <param name="text">The text.</param>
    /// <param name="normal">The text in form C; the same instance if it is in form C and needs no look at the tables.</param>
    /// <returns>False if the text holds half of a surrogate pair, which is no character.</returns>
    public static bool TryNormalize(string text, out string normal)
    {
        normal = text;
        if (!text.AsSpan().ContainsAnyInRange(FirstCombining, char.MaxValue))
            return true;
        var decomposed = new List<int>(text.Length);
        var data = Data.Value;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out var rune, out var length) != System.Buffers.OperationStatus.Done)
                return false;
            data.Decompose(rune.Value, decomposed);
            rest = rest[length..];
        }

        Order(decomposed, data);
        normal = Compose(decomposed, data);
        return true;
    }

    /// <summary>Puts each run of combining characters in the order of their classes; equal classes keep their order.</summary>
    private static void Order(List<int> points, Tables data)
    {
        for (var start = 0; start < points.Count; start++)
        {
            var end = start;
            while (end < points.Count && data.ClassOf(points[end]) != 0)
                end++;
            if (end - start > 1)
            {
                var ordered = points[start..end].OrderBy(data.ClassOf).ToList();
                for (var i = start; i < end; i++)
                    points[i] = ordered[i - start];
            }

            start = end;
        }
    }

    private static string Compose(List<int> points, Tables data)
    {
        var text = new StringBuilder(points.Count);
        var composed = new List<int>(points.Count);
        var starter = -1;
        var lastClass = 0;
        foreach (var point in points)
        {
            var combining = data.ClassOf(point);
            // A character is blocked by one of its own or a higher class between it and the last starter.
            var isBlocked = starter < 0 || (starter < composed.Count - 1 && (lastClass == 0 || lastClass >= combining));
            if (!isBlocked && data.TryCompose(composed[starter], point, out var pair))
            {
                composed[starter] = pair;
                continue;
            }

            if (combining == 0)
                starter = composed.Count;
            lastClass = combining;
            composed.Add(point);
        }

        foreach (var point in composed)
            text.Append(new Rune(point).ToString());
        return text.ToString();
    }

    /// <summary>What the file <c>nfc.txt</c> says.</summary>
    private sealed class Tables
    {
        private readonly FrozenDictionary<int, int[]> _decompositions;
        private readonly FrozenDictionary<(int First, int Second), int> _compositions;
        private readonly FrozenDictionary<int, byte> _classes;

        private Tables(Dictionary<int, int[]> decompositions, Dictionary<(int First, int Second), int> compositions, Dictionary<int, byte> classes)
        {
            _decompositions = decompositions.ToFrozenDictionary();
            _compositions = compositions.ToFrozenDictionary();
            _classes = classes.ToFrozenDictionary();
        }

        public static Tables Read()
        {
            var decompositions = new Dictionary<int, int[]>();
            var compositions = new Dictionary<(int First, int Second), int>();
            var classes = new Dictionary<int, byte>();
            using var file = typeof(UnicodeNormalizer).Assembly.GetManifestResourceStream("nfc.txt")
                ?? throw new InvalidOperationException("The tables of Unicode are not in the assembly.");
            using var reader = new StreamReader(file);
            while (reader.ReadLine() is { } line)
            {
                if (line.StartsWith('#'))
                    continue;
                var words = line.TrimStart('@', '!').Split([' ', '.'], StringSplitOptions.RemoveEmptyEntries);
                if (line.StartsWith('@'))
                {
                    for (var point = Hex(words[1]); point <= Hex(words[2]); point++)
                        classes.Add(point, byte.Parse(words[0], CultureInfo.InvariantCulture));
                    continue;
                }

                int[] parts = [.. words[1..].Select(Hex)];
                decompositions.Add(Hex(words[0]), parts);
                if (!line.StartsWith('!'))
                    compositions.Add((parts[0], parts[1]), Hex(words[0]));
            }

            return new Tables(decompositions, compositions, classes);
        }

        public int ClassOf(int point) => point < FirstCombining ? 0 : _classes.GetValueOrDefault(point);

        public void Decompose(int point, List<int> output)
        {
            if (point - SBase is >= 0 and < SCount and var syllable)
            {
                output.Add(LBase + (syllable / (VCount * TCount)));
                output.Add(VBase + (syllable % (VCount * TCount) / TCount));
                if (syllable % TCount != 0)
                    output.Add(TBase + (syllable % TCount));
            }
            else if (_decompositions.TryGetValue(point, out var parts))
            {
                foreach (var part in parts)
                    Decompose(part, output);
            }
            else
            {
                output.Add(point);
            }
        }

        public bool TryCompose(int first, int second, out int composed)
        {
            if (first - LBase is >= 0 and < LCount and var lead && second - VBase is >= 0 and < VCount and var vowel)
            {
                composed = SBase + (((lead * VCount) + vowel) * TCount);
                return true;
            }

            if (first - SBase is >= 0 and < SCount and var syllable && syllable % TCount == 0 && second - TBase is > 0 and < TCount and var trail)
            {
                composed = first + trail;
                return true;
            }

            return _compositions.TryGetValue((first, second), out composed);
        }

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
