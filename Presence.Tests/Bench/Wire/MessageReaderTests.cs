using System.Text;
using Presence.Bench.Wire;
using Xunit;

namespace Presence.Tests.Bench.Wire;

/// <summary>However the bytes of a server are cut, the same messages are read.</summary>
public sealed class MessageReaderTests
{
    private static readonly byte[] Frames =
    [
        .. Frame(0x81, "one"u8), .. Frame(0x8a, "a pong is skipped"u8), .. Frame(0x89, "ping"u8), .. Frame(0x81, new byte[70_000]),
        .. Frame(0x88, [0x03, 0xf1, .. "too big"u8]),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    [InlineData(1_000_000)]
    public void Frames_are_read_whole(int piece)
    {
        var read = Read(LinkKind.WebSocket, Frames, piece);

        Assert.Equal([IncomingKind.Message, IncomingKind.Ping, IncomingKind.Message, IncomingKind.Close], read.Select(r => r.Kind));
        Assert.Equal(["one", "ping", new string('\0', 70_000), "1009 too big"], read.Select(r => r.Text));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void Lines_are_read_whole_and_empty_ones_are_skipped(int piece)
    {
        var long1 = new string('x', 20_000);

        Assert.Equal(["{}", long1, "end"], Read(LinkKind.Tcp, Encoding.UTF8.GetBytes($"{{}}\n\n{long1}\nend\nrest"), piece).Select(r => r.Text));
    }

    [Fact]
    public void What_is_no_frame_of_a_server_is_told() =>
        Assert.Equal(IncomingKind.Violation, Assert.Single(Read(LinkKind.WebSocket, [0x81, 0x80, 0, 0, 0, 0], 10)).Kind);

    [Fact]
    public void The_answer_to_an_upgrade_is_taken_and_what_stands_behind_it_is_left()
    {
        var reader = new MessageReader(LinkKind.WebSocket);
        Add(reader, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"u8);
        Assert.Equal(OpeningResult.Incomplete, OpeningAnswer.Take(LinkKind.WebSocket, reader, out _));
        Add(reader, [.. "\r\n"u8, .. Frame(0x81, "first"u8)]);

        Assert.Equal(OpeningResult.Open, OpeningAnswer.Take(LinkKind.WebSocket, reader, out _));
        Assert.True(reader.TryRead(out var message));
        Assert.Equal("first", Encoding.UTF8.GetString(message.Payload.Span));
    }

    [Fact]
    public void A_refusal_is_quoted()
    {
        var http = new MessageReader(LinkKind.WebSocket);
        Add(http, "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n"u8);
        Assert.Equal(OpeningResult.Refused, OpeningAnswer.Take(LinkKind.WebSocket, http, out var refusal));
        Assert.Equal("HTTP/1.1 503 Service Unavailable", refusal);

        var tcp = new MessageReader(LinkKind.Tcp);
        Add(tcp, "{\"error\":{\"code\":3,\"message\":\"No.\"}}\n"u8);
        Assert.Equal(OpeningResult.Refused, OpeningAnswer.Take(LinkKind.Tcp, tcp, out refusal));
        Assert.Contains("No.", refusal, StringComparison.Ordinal);
    }

    private static List<(IncomingKind Kind, string Text)> Read(LinkKind kind, byte[] bytes, int piece)
    {
        var reader = new MessageReader(kind);
        var read = new List<(IncomingKind, string)>();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            Add(reader, bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
            while (reader.TryRead(out var incoming))
            {
                read.Add((incoming.Kind, Encoding.UTF8.GetString(incoming.Payload.Span)));
                if (incoming.Kind == IncomingKind.Violation)
                    return read;
            }
        }

        return read;
    }

    private static void Add(MessageReader reader, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = reader.Room().Span;
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            reader.Advance(count);
            bytes = bytes[count..];
        }
    }

    private static byte[] Frame(byte first, ReadOnlySpan<byte> payload) => payload.Length < 126
        ? [first, (byte)payload.Length, .. payload]
        : [first, 127, 0, 0, 0, 0, (byte)(payload.Length >> 24), (byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
}
