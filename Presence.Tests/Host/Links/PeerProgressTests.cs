using System.Net.Sockets;
using Presence.Host.Links;
using Presence.Tests.Host.Links.Loops;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>What the system tells of the other end of a connection.</summary>
[Trait("Clause", "L1")]
public sealed class PeerProgressTests
{
    [LinuxFact]
    public async Task What_the_other_end_acknowledges_is_counted_and_what_it_has_no_room_for_is_queued()
    {
        using var pair = await SocketPair.ConnectAsync();
        OutputBound.Set(pair.Server);
        var before = PeerProgress.Of(pair.Server)!.Value;
        Assert.Equal((0, false), (before.UnansweredFor, before.HasQueue));
        pair.Server.Blocking = false;
        var sent = 0L;
        var piece = new byte[64 * 1024];
        while (pair.Server.Send(piece, SocketFlags.None, out var error) is var count && error == SocketError.Success)
            sent += count;
        var full = PeerProgress.Of(pair.Server)!.Value;
        Assert.True(full.HasQueue);
        // What the system keeps is bounded, unlike the megabytes that it would take by itself.
        Assert.InRange(sent - full.Acknowledged, 1, 1024 * 1024);
        // The other end reads all of it.
        var room = new byte[1024 * 1024];
        for (var read = 0L; read < sent;)
            read += await pair.Client.ReceiveAsync(room);
        var deadline = Environment.TickCount64 + 30_000;
        while (PeerProgress.Of(pair.Server)!.Value is var last && (last.HasQueue || last.Acknowledged - before.Acknowledged != sent))
            Assert.True(Environment.TickCount64 < deadline, $"{last} of {sent}");
    }

    [Fact]
    public void A_closed_socket_and_a_system_that_tells_too_little_say_nothing()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Dispose();
        Assert.Null(PeerProgress.Of(socket));
        OutputBound.Set(socket);
        Assert.Null(PeerProgress.Read(new byte[100]));
    }

    [Fact]
    public void Who_answers_nothing_of_what_is_sent_again_is_told_from_who_has_nothing_to_answer()
    {
        var info = new byte[PeerProgress.Size];
        BitConverter.TryWriteBytes(info.AsSpan(56), 9000);
        Assert.Equal(0, PeerProgress.Read(info)!.Value.UnansweredFor);
        info[2] = 3;
        Assert.Equal(9000, PeerProgress.Read(info)!.Value.UnansweredFor);
        info[2] = 0;
        info[3] = 1;
        Assert.Equal(9000, PeerProgress.Read(info)!.Value.UnansweredFor);
    }
}
