using System.Text;
using Presence.Bench.Plans;

namespace Presence.Bench.Wire;

/// <summary>What a client of the load sends, in frames. An instance has one buffer: a frame is valid until the next one is made.</summary>
/// <param name="statusBytes">The least length of a status, in bytes.</param>
internal sealed class ClientMessages(int statusBytes)
{
    private byte[] _buffer = new byte[ClientFrame.MaxHeader + LoadSettings.MaxStatusBytes + StatusMark.MaxLength + 128];

    /// <summary>A status update.</summary>
    public ReadOnlySpan<byte> Update(in StatusMark mark)
    {
        var text = _buffer.AsSpan(ClientFrame.MaxHeader);
        var before = """{"cid":"u","status_update":{"status":" """u8[..^1];
        before.CopyTo(text);
        var end = before.Length + mark.Write(text[before.Length..], statusBytes);
        "\"}}"u8.CopyTo(text[end..]);
        return Framed(Opcode.Text, end + 3);
    }

    /// <summary>A follow of some users.</summary>
    public ReadOnlySpan<byte> Follow(IEnumerable<string> userIds)
    {
        var text = Encoding.UTF8.GetBytes($$$"""{"cid":"f","status_follow":{"user_ids":["{{{string.Join("\",\"", userIds)}}}"]}}""");
        if (_buffer.Length < ClientFrame.MaxHeader + text.Length)
            _buffer = new byte[ClientFrame.MaxHeader + text.Length];
        text.CopyTo(_buffer.AsSpan(ClientFrame.MaxHeader));
        return Framed(Opcode.Text, text.Length);
    }

    /// <summary>The answer to a ping.</summary>
    public ReadOnlySpan<byte> Pong(ReadOnlySpan<byte> ping)
    {
        ping.CopyTo(_buffer.AsSpan(ClientFrame.MaxHeader));
        return Framed(Opcode.Pong, ping.Length);
    }

    private ReadOnlySpan<byte> Framed(Opcode opcode, int payload)
    {
        var start = ClientFrame.Frame(_buffer, opcode, payload);
        return _buffer.AsSpan(start, ClientFrame.MaxHeader - start + payload);
    }
}
