using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Model;

[Trait("Clause", "F11")]
public sealed class UsernameTests
{
    [Theory]
    [InlineData("alice", "alice")]
    [InlineData("Zo\u00eb", "Zo\u00eb")]
    [InlineData("Zoe\u0308", "Zo\u00eb")]
    [InlineData("a b", "a b")]
    [InlineData("\ud83d\ude00", "\ud83d\ude00")]
    public void A_name_is_its_composed_spelling(string text, string name)
    {
        Assert.True(Username.TryNormalize(text, out var normal));
        Assert.Equal(name, normal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("a\u0085b")]
    public void Other_texts_are_none(string? text) => Assert.False(Username.TryNormalize(text, out _));

    [Fact]
    public void Half_of_a_surrogate_pair_is_in_no_name()
    {
        Assert.False(Username.TryNormalize("\ud83d", out _));
        Assert.False(Username.TryNormalize("a\ude00", out _));
    }

    [Fact]
    public void The_limit_counts_the_bytes_of_the_composed_spelling()
    {
        // 2 bytes composed, 5 bytes in three characters decomposed.
        Assert.True(Username.TryNormalize(string.Concat(Enumerable.Repeat("u\u0308\u0304", 64)), out var name));
        Assert.Equal(new string('\u01d6', 64), name);
        Assert.False(Username.TryNormalize(string.Concat(Enumerable.Repeat("u\u0308\u0304", 64)) + "a", out _));
        Assert.True(Username.TryNormalize(new string('a', 128), out _));
        Assert.False(Username.TryNormalize(new string('a', 129), out _));
        // 3 bytes composed become 9: normalisation can make a name longer.
        Assert.False(Username.TryNormalize(new string('\ufb2c', 30), out _));
    }
}
