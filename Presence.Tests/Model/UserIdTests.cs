using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Model;

[Trait("Clause", "F3")]
public sealed class UserIdTests
{
    [Theory]
    [InlineData("8f96bc43-7008-4d2a-8be1-1e73859b3033")]
    [InlineData("8F96BC43-7008-4D2A-8BE1-1E73859B3033")]
    [InlineData("{8f96bc43-7008-4d2a-8be1-1e73859b3033}")]
    [InlineData("urn:uuid:8f96bc43-7008-4d2a-8be1-1e73859b3033")]
    [InlineData("URN:UUID:8f96bc43-7008-4d2a-8be1-1e73859b3033")]
    [InlineData("8f96bc4370084d2a8be11e73859b3033")]
    public void Every_usual_spelling_names_the_same_user(string spelling)
    {
        Assert.True(UserId.TryParse(spelling, out var id));
        Assert.Equal("8f96bc43-7008-4d2a-8be1-1e73859b3033", id.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("alice")]
    [InlineData("8f96bc43-7008-4d2a-8be1-1e73859b303")]
    [InlineData("8f96bc43-7008-4d2a-8be1-1e73859b3033 ")]
    [InlineData("(8f96bc43-7008-4d2a-8be1-1e73859b3033)")]
    [InlineData("{8f96bc4370084d2a8be11e73859b3033}")]
    [InlineData("8f96bc43-7008-4d2a-8be1-1e73859b303g")]
    public void Anything_else_is_refused(string? spelling) => Assert.False(UserId.TryParse(spelling, out _));
}
