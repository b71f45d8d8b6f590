using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Model;

/// <summary>Form C as an independent implementation has it: the hashes were computed with Python's <c>unicodedata</c> of Unicode 14.</summary>
[Trait("Clause", "F11")]
public sealed class UnicodeNormalizerTests
{
    private static readonly int[] Firsts =
        [0x41, 0x61, 0x65, 0x6F, 0x1100, 0x1161, 0xAC00, 0x0915, 0x212B, 0x1F600, 0x0308, 0x2260, 0x1EA5, 0x0344, 0x1D15E];

    private static readonly int[] Marks =
        [0x300, 0x301, 0x302, 0x308, 0x323, 0x327, 0x345, 0x1161, 0x11A8, 0x093C, 0x41, 0x338, 0x05B0, 0x1D165, 0x0F71, 0x0F72];

    [Theory]
    [InlineData("", "")]
    [InlineData("abc", "abc")]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c")]
    [InlineData("\ud55c", "\ud55c")]
    [InlineData("a\u0301\u0301", "\u00e1\u0301")]
    public void Texts_are_composed(string text, string expected)
    {
        Assert.True(UnicodeNormalizer.TryNormalize(text, out var normal));
        Assert.Equal(expected, normal);
        Assert.True(UnicodeNormalizer.TryNormalize(normal, out var again));
        Assert.Equal(normal, again);
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_character()
    {
        foreach (var text in new[] { "\ud83d", "\ude00", "a\ude00\ud83db" })
            Assert.False(UnicodeNormalizer.TryNormalize(text, out _));
    }

    [Fact]
    public void Every_character_that_changes_becomes_what_it_should()
    {
        var changes = new StringBuilder();
        for (var point = 0; point <= 0x10FFFF; point++)
        {
            if (!Rune.IsValid(point))
                continue;
            var text = new Rune(point).ToString();
            if (UnicodeNormalizer.TryNormalize(text, out var normal) && normal != text)
                changes.Append(CultureInfo.InvariantCulture, $"{point:X}:{string.Join(' ', normal.EnumerateRunes().Select(r => $"{r.Value:X}"))}\n");
        }

        Assert.Equal("96bbea4426f268359e50c7d7794867a427386e4714c8e2bb2e906e9a2acfd6ae", Hash(changes));
    }

    [Fact]
    public void Sequences_of_characters_become_what_they_should()
    {
        var all = new StringBuilder();
        foreach (var first in Firsts)
        {
            foreach (var second in Marks)
            {
                foreach (var third in Marks)
                {
                    foreach (var fourth in Marks)
                    {
                        var text = string.Concat(new[] { first, second, third, fourth }.Select(p => new Rune(p).ToString()));
                        Assert.True(UnicodeNormalizer.TryNormalize(text, out var normal));
                        all.Append(normal).Append('\n');
                    }
                }
            }
        }

        Assert.Equal("c0de73a3f8493e1f5fb85f80db55f592d2b3d3c0776cddd597230e6b1f9de781", Hash(all));
    }

    private static string Hash(StringBuilder text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
}
