using Presence.Cli.Text;
using Xunit;

namespace Presence.Tests.Cli;

/// <summary>Text of strangers on a terminal.</summary>
public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("In a match", "In a match")]
    [InlineData("", "")]
    [InlineData("naïve, 日本語, 👩‍🚀", "naïve, 日本語, 👩‍🚀")]
    [InlineData("[red]markup[/]", "[red]markup[/]")]
    [InlineData("a\nb\r\tc", @"a\nb\r\tc")]
    [InlineData("\0\a\e[2J\u007f\u009b", @"\u0000\u0007\u001B[2J\u007F\u009B")]
    [InlineData("\u202eabc\u2066\ufeff\u200b", @"\u202Eabc\u2066\uFEFF\u200B")]
    [InlineData("\u2028\u2029\u0085", @"\u2028\u2029\u0085")]
    [InlineData("\U000e0041", @"\U000E0041")]
    [InlineData("\ufffd", "\ufffd")]
    public void What_a_terminal_would_obey_is_written_as_an_escape(string text, string harmless) =>
        Assert.Equal(harmless, TerminalText.Of(text));

    [Fact]
    public void Of_all_characters_none_gets_through_that_moves_anything()
    {
        Assert.Equal(@"\uD800x\uDC00", TerminalText.Of("\ud800x\udc00"));
        for (var value = 0; value <= char.MaxValue; value++)
        {
            var text = TerminalText.Of(((char)value).ToString());
            Assert.DoesNotContain(text, char.IsControl);
            Assert.DoesNotContain(text, char.IsSurrogate);
        }
    }
}
