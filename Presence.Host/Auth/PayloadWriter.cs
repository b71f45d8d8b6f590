using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Presence.Host.Text;

namespace Presence.Host.Auth;

/// <summary>
/// Writes the JSON payload of a minted token so that its base64url has neither <c>-</c> nor <c>_</c>. The SDKs for JavaScript, Defold and
/// Swift decode payloads as plain base64: they drop or refuse these two characters, and then cannot sign in.
/// </summary>
/// <remarks>
/// <para>
/// Base64 reads 6 bits at a time, so whether a text produces one of the two characters depends on where it starts, modulo 3. In order of
/// preference, the writer moves a text with up to two spaces in front of it, writes a slash as <c>\/</c>, and writes characters as
/// <c>\uXXXX</c>. The .NET SDK decodes a text by deleting backslashes (protocol section D5): it reads the first two right, and the last
/// one wrong. So <c>\uXXXX</c> is used only where a text has no other form, and for as few characters as possible.
/// </para>
/// <para>
/// A text without <c>&gt;</c>, <c>?</c>, <c>~</c>, DEL and non-ASCII characters is written as it is, and so is one that is longer than a
/// token may be.
/// </para>
/// </remarks>
internal sealed class PayloadWriter
{
    // A slash without its backslash is shorter, and a space is shorter than that. A wrong text in an SDK is worse than any length.
    private const int SpaceCost = 1;
    private const int SlashCost = 4;
    private const int EscapeCost = 1000;

    // How many ways there are to write a character: as it is, a slash with its backslash, and as \uXXXX.
    private const int Forms = 3;
    private const int States = Forms * 3;
    private const int LongestForm = 12;
    private const int Unreachable = int.MaxValue;

    // The characters whose bytes can produce sextet 62 or 63 without a neighbour beyond ASCII.
    private static readonly SearchValues<char> Critical = SearchValues.Create(">?~\u007f");

    private readonly ArrayBufferWriter<byte> _bytes = new(256);
    private bool _isFirst = true;

    /// <summary>What has been written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.WrittenSpan;

    /// <summary>Begins an object.</summary>
    public void Begin()
    {
        Append((byte)'{');
        _isFirst = true;
    }

    /// <summary>Ends an object.</summary>
    public void End()
    {
        Append((byte)'}');
        _isFirst = false;
    }

    /// <summary>Writes the name of a member.</summary>
    public void Name(string name)
    {
        if (!_isFirst)
            Append((byte)',');
        _isFirst = false;
        Text(name);
        Append((byte)':');
    }

    /// <summary>Writes a member that is a text.</summary>
    public void Member(string name, string value)
    {
        Name(name);
        Text(value);
    }

    /// <summary>Writes a member that is a number.</summary>
    public void Member(string name, long value)
    {
        Name(name);
        var span = _bytes.GetSpan(20);
        value.TryFormat(span, out var length, provider: CultureInfo.InvariantCulture);
        _bytes.Advance(length);
    }

    /// <summary>Whether the base64url of these bytes, which are UTF-8, has neither <c>-</c> nor <c>_</c>.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="start">The position of the first, modulo 3. What stands before it is ASCII.</param>
    internal static bool IsPlain(ReadOnlySpan<byte> bytes, int start)
    {
        byte last = 0;
        foreach (var next in bytes)
        {
            if (!Follows(last, next, start))
                return false;
            last = next;
            start = (start + 1) % 3;
        }

        return true;
    }

    /// <summary>Whether no sextet that ends in a byte is 62 or 63.</summary>
    /// <param name="last">The byte before it.</param>
    /// <param name="next">The byte.</param>
    /// <param name="position">Its position modulo 3. A byte of UTF-8 is below F8, so the first sextet is never above 61.</param>
    private static bool Follows(byte last, byte next, int position) => position switch
    {
        0 => true,
        1 => (((last & 0b11) << 4) | (next >> 4)) < 62,
        _ => (((last & 0b1111) << 2) | (next >> 6)) < 62 && (next & 0b111111) < 62,
    };

    private void Text(string text)
    {
        if (text.Length <= SignedToken.MaxLength && (!Ascii.IsValid(text) || text.AsSpan().ContainsAny(Critical)))
        {
            Moved(text);
            return;
        }

        Quote();
        Append(MinimalJsonEncoder.Instance.Encode(text));
        Quote();
    }

    /// <summary>
    /// Writes a text in its cheapest form, found by dynamic programming over its characters. A state is the form of the last character
    /// and the position behind it modulo 3; the form fixes the last byte.
    /// </summary>
    private void Moved(string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        var steps = new Step[(runes.Length + 1) * States];
        Array.Fill(steps, new(Unreachable, 0, 0));
        for (var spaces = 0; spaces < 3; spaces++)
            steps[(_bytes.WrittenCount + spaces + 1) % 3] = new(spaces * SpaceCost, spaces, (byte)'"');

        Span<byte> form = stackalloc byte[LongestForm];
        for (var i = 0; i < runes.Length; i++)
        {
            var from = steps.AsSpan(i * States, States);
            var to = steps.AsSpan((i + 1) * States, States);
            for (var way = 0; way < Forms; way++)
            {
                var length = Write(runes[i], way, form, out var cost);
                if (length == 0)
                    continue;
                for (var state = 0; state < States; state++)
                {
                    var before = from[state];
                    if (before.Cost == Unreachable || !Follows(before.Last, form[0], state % 3) || !IsPlain(form[..length], state % 3))
                        continue;
                    var total = before.Cost + cost;
                    ref var reached = ref to[(way * 3) + ((state + length) % 3)];
                    if (total < reached.Cost)
                        reached = new(total, state, form[length - 1]);
                }
            }
        }

        var ways = new int[runes.Length];
        var last = Cheapest(steps.AsSpan(runes.Length * States));
        for (var i = runes.Length; i > 0; i--)
        {
            ways[i - 1] = last / 3;
            last = steps[(i * States) + last].From;
        }

        for (var spaces = steps[last].From; spaces > 0; spaces--)
            Append((byte)' ');
        Quote();
        for (var i = 0; i < runes.Length; i++)
        {
            var length = Write(runes[i], ways[i], form, out _);
            Append(form[..length]);
        }

        Quote();
    }

    private static int Cheapest(ReadOnlySpan<Step> states)
    {
        var best = 0;
        for (var i = 1; i < states.Length; i++)
        {
            if (states[i].Cost < states[best].Cost)
                best = i;
        }

        // With all critical characters escaped the text is ASCII without them, so there always is a form.
        Debug.Assert(states[best].Cost < Unreachable, "A text can always be written.");
        return best;
    }

    /// <summary>Writes a character in one of its forms; 0 bytes if it has no such form.</summary>
    private static int Write(Rune rune, int way, Span<byte> form, out int cost)
    {
        cost = 0;
        switch (way)
        {
            case 0:
                Span<char> text = stackalloc char[2];
                Span<char> encoded = stackalloc char[LongestForm];
                MinimalJsonEncoder.Instance.Encode(text[..rune.EncodeToUtf16(text)], encoded, out _, out var written);
                Utf8.FromUtf16(encoded[..written], form, out _, out var length);
                return length;
            case 1 when rune.Value == '/':
                cost = SlashCost;
                @"\/"u8.CopyTo(form);
                return 2;
            case 2:
                Span<char> units = stackalloc char[2];
                var count = rune.EncodeToUtf16(units);
                for (var i = 0; i < count; i++)
                    Utf8.TryWrite(form[(i * 6)..], CultureInfo.InvariantCulture, $"\\u{(int)units[i]:x4}", out _);
                cost = EscapeCost * count;
                return count * 6;
            default:
                return 0;
        }
    }

    private void Quote() => Append((byte)'"');

    private void Append(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }

    private void Append(ReadOnlySpan<byte> values) => _bytes.Write(values);

    private void Append(string text) => Encoding.UTF8.GetBytes(text, _bytes);

    /// <param name="Cost">The least cost to reach a state.</param>
    /// <param name="From">The state before it; before the first character, the number of spaces.</param>
    /// <param name="Last">The last byte.</param>
    private readonly record struct Step(int Cost, int From, byte Last);
}
