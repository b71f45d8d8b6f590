using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf;
using Presence.Actors.Serialization;
using Presence.Tests.Client.Faults;
using Xunit;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// That a proxy carries what nodes say to each other as a network does: all of it, in order, held while the network is interrupted,
/// and with no losses but those that it is told to make.
/// </summary>
public sealed class NodeProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Network _network = new(seed: 1);
    private readonly NodeAddress _node = NodeAddress.Take(isProxied: true);
    private readonly NodeAddress _peer = NodeAddress.Take(isProxied: true);
    private NodeProxy _proxy = null!;
    private TcpListener _listener = null!;
    private Socket _atPeer = null!;
    private Socket _atNode = null!;

    public async Task InitializeAsync()
    {
        _network.Add(1, _peer.ClusterPort);
        _proxy = new NodeProxy(_network, 0, _node);
        _listener = new TcpListener(IPAddress.Loopback, _node.BindPort);
        _listener.Start();
        _atPeer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await _atPeer.ConnectAsync(IPAddress.Loopback, _node.ClusterPort);
        _atNode = await _listener.AcceptSocketAsync();
        await _atPeer.SendAsync(Handshake(_peer.ClusterPort));
        Assert.Equal(Handshake(_peer.ClusterPort), await ReceiveAsync(_atNode));
    }

    public async Task DisposeAsync()
    {
        _atPeer.Dispose();
        _atNode.Dispose();
        _listener.Stop();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task Everything_passes_both_ways_and_only_messages_of_presence_are_counted()
    {
        await _atPeer.SendAsync((byte[])[.. OfAkka(1), .. OfPresence(2)]);
        Assert.Equal(OfAkka(1), await ReceiveAsync(_atNode));
        Assert.Equal(OfPresence(2), await ReceiveAsync(_atNode));
        await _atNode.SendAsync(OfAkka(3));
        Assert.Equal(OfAkka(3), await ReceiveAsync(_atPeer));

        Assert.Equal(new Traffic(1, OfPresence(2).Length, 0), _network.From(1, 0));
        Assert.Equal(default, _network.From(0, 1));
    }

    [Fact]
    public async Task A_message_of_presence_is_one_whether_it_goes_to_an_actor_or_to_a_path()
    {
        await _atPeer.SendAsync((byte[])[.. OfPresence(1), .. ToPath(2, PresenceSerializer.Id), .. ToPath(3, serializer: 5)]);
        for (var i = 0; i < 3; i++)
            await ReceiveAsync(_atNode);

        Assert.Equal((2, 2), (_network.Total.Messages, _network.OfKinds("NR").Messages));
        Assert.Equal(default, _network.OfKinds("PC"));
    }

    [Fact]
    public async Task What_is_sent_during_a_partition_arrives_after_it()
    {
        _network.Partition(0);
        await _atPeer.SendAsync((byte[])[.. OfPresence(1), .. OfAkka(2)]);
        await _atNode.SendAsync(OfAkka(3));
        var arrives = ReceiveAsync(_atNode);
        await Until.TrueAsync(() => _network.Between(0, 1).Held == 2, "what either side has sent to be held", Patience);
        Assert.False(arrives.IsCompleted, "something passed during a partition");

        _network.Heal();

        Assert.Equal(OfPresence(1), await arrives);
        Assert.Equal(OfAkka(2), await ReceiveAsync(_atNode));
        Assert.Equal(OfAkka(3), await ReceiveAsync(_atPeer));
    }

    [Fact]
    public async Task The_end_of_a_side_does_not_pass_during_a_partition_either()
    {
        _network.Partition(1);
        _atPeer.Shutdown(SocketShutdown.Send);
        var arrives = ReceiveAsync(_atNode);
        await Until.TrueAsync(() => _network.Between(0, 1).Held == 1, "the end to be held", Patience);
        Assert.False(arrives.IsCompleted, "the end passed during a partition");

        _network.Heal();

        Assert.Null(await arrives);
    }

    [Fact]
    public async Task Only_messages_of_presence_are_lost_and_what_they_acknowledge_is_not()
    {
        _network.Lose(1);
        await _atPeer.SendAsync((byte[])[.. OfPresence(1), .. OfAkka(2), .. OfPresence(3, acknowledges: 4), .. OfAkka(5)]);

        Assert.Equal(OfAkka(2), await ReceiveAsync(_atNode));
        Assert.Equal(Acknowledgement(4), await ReceiveAsync(_atNode));
        Assert.Equal(OfAkka(5), await ReceiveAsync(_atNode));
        Assert.Equal((2, 2), (_network.Total.Messages, _network.Total.Lost));
    }

    [Fact]
    public async Task About_as_many_messages_are_lost_as_it_is_told_to_lose()
    {
        _network.Lose(4);
        for (var i = 0; i < 400; i++)
            await _atPeer.SendAsync(OfPresence(i));
        await _atPeer.SendAsync(OfAkka(0));
        var arrived = 0;
        while (!(await ReceiveAsync(_atNode))!.AsSpan().SequenceEqual(OfAkka(0)))
            arrived++;

        Assert.Equal(400 - _network.Total.Lost, arrived);
        Assert.InRange(_network.Total.Lost, 60, 140);
    }

    [Fact]
    public async Task A_slow_network_delivers_late()
    {
        var delay = TimeSpan.FromMilliseconds(300);
        _network.Between(0, 1).Delay = delay;
        var since = Environment.TickCount64;
        await _atPeer.SendAsync(OfAkka(1));

        Assert.Equal(OfAkka(1), await ReceiveAsync(_atNode));
        Assert.InRange(Environment.TickCount64 - since, (long)delay.TotalMilliseconds - 20, (long)Patience.TotalMilliseconds);
    }

    [Fact]
    public async Task A_connection_that_is_cut_ends_on_both_sides()
    {
        _network.Between(0, 1).Cut();

        Assert.Null(await ReceiveAsync(_atNode));
        Assert.Null(await ReceiveAsync(_atPeer));
    }

    [Fact]
    public async Task Where_nobody_listens_a_connection_ends()
    {
        _listener.Stop();
        using var another = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await another.ConnectAsync(IPAddress.Loopback, _node.ClusterPort);

        Assert.Null(await ReceiveAsync(another));
    }

    /// <summary>The next frame; null at the end.</summary>
    private static async Task<byte[]?> ReceiveAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var prefix = new byte[4];
            if (!await FillAsync(socket, prefix, patience.Token))
                return null;
            var content = new byte[BinaryPrimitives.ReadInt32LittleEndian(prefix)];
            await FillAsync(socket, content, patience.Token);
            return [.. prefix, .. content];
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> buffer, CancellationToken cancel)
    {
        while (!buffer.IsEmpty)
        {
            var count = await socket.ReceiveAsync(buffer, cancel);
            if (count == 0)
                return false;
            buffer = buffer[count..];
        }

        return true;
    }

    // ---- frames, as Akka.Remote writes them

    private static byte[] Handshake(int port) =>
        Frame(Field(2, [.. Number(1, 1), .. Field(2, [.. Field(1, [.. Field(1, "presence"u8.ToArray()), .. Field(2, "127.0.0.1"u8.ToArray()), .. Number(3, port), .. Field(4, "akka.tcp"u8.ToArray())]), .. Fixed(2, 77)])]));

    private static byte[] OfPresence(int content, int? acknowledges = null) => Frame(Field(1, [
        .. acknowledges is { } number ? Field(1, Fixed(1, number)) : [],
        .. Field(2, Envelope(content, PresenceSerializer.Id))]));

    private static byte[] OfAkka(int content) => Frame(Field(1, Field(2, Envelope(content, serializer: 5))));

    private static byte[] Acknowledgement(int number) => Frame(Field(1, Field(1, Fixed(1, number))));

    private static byte[] ToPath(int content, int serializer) =>
        Frame(Field(1, Field(2, Envelope([.. Field(1, Field(1, Message(content, serializer))), .. Number(2, 6)]))));

    private static byte[] Envelope(int content, int serializer) => Envelope(Message(content, serializer));

    private static byte[] Envelope(byte[] message) =>
        [.. Field(1, Field(1, "akka.tcp://presence@127.0.0.1:1/user"u8.ToArray())), .. Field(2, message), .. Fixed(5, 1)];

    private static byte[] Message(int content, int serializer) =>
        [.. Field(1, BitConverter.GetBytes(content)), .. Number(2, serializer), .. Field(3, "NR"u8.ToArray())];

    private static byte[] Frame(byte[] content)
    {
        var prefix = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(prefix, content.Length);
        return [.. prefix, .. content];
    }

    private static byte[] Field(int number, byte[] content) => Write(number, WireFormat.WireType.LengthDelimited, o => o.WriteBytes(ByteString.CopyFrom(content)));

    private static byte[] Number(int number, int value) => Write(number, WireFormat.WireType.Varint, o => o.WriteInt32(value));

    private static byte[] Fixed(int number, int value) => Write(number, WireFormat.WireType.Fixed64, o => o.WriteFixed64((ulong)value));

    private static byte[] Write(int number, WireFormat.WireType type, Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(number, type);
            write(output);
        }

        return stream.ToArray();
    }
}
