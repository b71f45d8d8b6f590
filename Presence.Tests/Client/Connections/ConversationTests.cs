using CsCheck;
using Xunit;

namespace Presence.Tests.Client.Connections;

/// <summary>What a client asks of a server, link after link, and what it makes of what it is told.</summary>
public sealed class ConversationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E3")]
    [Trait("Clause", "F7")]
    [Trait("Clause", "L1")]
    public void Wherever_links_break_the_sum_of_what_is_told_is_the_truth_in_the_end(bool isAwaiting) =>
        ConversationProgram.Steps.Sample(steps => ConversationProgram.Run(isAwaiting, steps), iter: 3000, threads: 2);
}
