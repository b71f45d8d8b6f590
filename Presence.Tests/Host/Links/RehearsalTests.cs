using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;
using Presence.Host.Links.Rehearsing;
using Presence.Host.Links.Upgrade;
using Presence.Tests.Client.Faults;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What a node does before it lets anybody in.</summary>
public sealed class RehearsalTests(RehearsalTests.Server server) : IClassFixture<RehearsalTests.Server>
{
    private const string Word = "word";

    [Fact]
    public async Task All_its_clients_are_served_to_the_end_and_leave_nothing_behind()
    {
        Assert.Equal(5 * Rehearsal.Rounds, server.Services.GetRequiredService<Rehearsal>().Ended);
        await Until.TrueAsync(() => server.Services.GetRequiredService<LinkSet>().IsEmpty, "the last link to go");
    }

    [Theory]
    [InlineData("word.0", true)]
    [InlineData("word.1", false)]
    [InlineData("word.-1", false)]
    [InlineData("word.", false)]
    [InlineData("word", false)]
    [InlineData("another.0", false)]
    [InlineData("", false)]
    [Trait("Clause", "A1")]
    public async Task Only_who_knows_the_word_is_let_in(string token, bool isLetIn)
    {
        var request = new UpgradeRequest { Token = token, Connection = "Upgrade", Upgrade = "websocket", Version = "13", Key = "dGhlIHNhbXBsZSBub25jZQ==" };

        var accepted = await new Stage(new NoFront(), Word, [new UserId(Guid.NewGuid())]).DecideAsync(request);

        Assert.Equal(isLetIn, accepted is not null);
    }

    /// <summary>A server that rehearses with a few.</summary>
    public sealed class Server : ServerFixture
    {
        protected override IEnumerable<string> Settings => ["--Presence:Links:Rehearsal=5"];
    }

    private sealed class NoFront : ILinkFront
    {
        public ValueTask<UpgradeOutcome.Accepted?> DecideAsync(UpgradeRequest request) => throw new NotSupportedException();

        public void Begin(LoopSocket socket, UpgradeOutcome.Accepted accepted) => throw new NotSupportedException();

        public void BeginPlain(LoopSocket socket) => throw new NotSupportedException();
    }
}
