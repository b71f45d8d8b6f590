using System.Buffers;
using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Host.Links;
using Presence.Host.Links.Framing;
using Presence.Tests.Host.Links.Codecs;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>Messages as the bytes of a link.</summary>
public sealed class LinkFormatTests
{
    private static readonly LinkFormat[] All =
        [LinkFormat.WebSocketJson, LinkFormat.WebSocketProtobuf, LinkFormat.Lines, LinkFormat.Delimited];

    [Fact]
    [Trait("Clause", "K5")]
    public void The_bytes_of_an_event_are_made_once_per_format_and_shared_by_all_links()
    {
        var message = Samples.Event(new StatusChange(null, Samples.Shown("x")));
        var frames = All.Select(format => format.Frame(message)).ToList();
        for (var i = 0; i < All.Length; i++)
            Assert.Same(frames[i], All[i].Frame(message));
        Assert.Equal(All.Length, frames.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void What_is_no_event_is_made_for_each_who_is_told()
    {
        var message = new ServerMessage.Acknowledged("1");
        foreach (var format in All)
        {
            Assert.NotSame(format.Frame(message), format.Frame(message));
            Assert.Equal(format.Frame(message), format.Frame(message));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(70_000)]
    public void A_frame_is_a_whole_message_for_whoever_reads_the_format(int length)
    {
        var text = new string('x', length);
        foreach (var format in new[] { LinkFormat.Lines, LinkFormat.Delimited })
        {
            using var framing = format.NewFraming(1_000_000);
            var input = new ReadOnlySequence<byte>(format.Frame(new ServerMessage.Acknowledged(text)));
            Assert.True(framing.TryRead(ref input, out var frame));
            Assert.Equal(FrameKind.Message, frame.Kind);
            Assert.True(input.IsEmpty);
        }
    }
}
