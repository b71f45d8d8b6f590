using System.Buffers;
using System.Text;

namespace Presence.Host.Links.Upgrade;

/// <summary>The answer to a request that becomes a link (protocol section A3), for links that HTTP's server knows nothing of.</summary>
internal static class UpgradeAnswer
{
    /// <summary>The answer to a request that is upgraded.</summary>
    /// <param name="upgraded">What the gate says of it.</param>
    /// <param name="now">The time.</param>
    public static byte[] To(UpgradeOutcome.Upgraded upgraded, DateTimeOffset now)
    {
        var answer = new ArrayBufferWriter<byte>(192);
        Write(answer, upgraded.Accept, upgraded.SubProtocol, now);
        return answer.WrittenSpan.ToArray();
    }

    /// <summary>Writes it.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="accept">What <c>Sec-WebSocket-Accept</c> is.</param>
    /// <param name="subProtocol">The sub-protocol that is selected; null selects none.</param>
    /// <param name="now">The time.</param>
    public static void Write(IBufferWriter<byte> output, string accept, string? subProtocol, DateTimeOffset now)
    {
        output.Write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nDate: "u8);
        now.TryFormat(output.GetSpan(32), out var length, "r");
        output.Advance(length);
        output.Write("\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "u8);
        Encoding.ASCII.GetBytes(accept, output);
        if (subProtocol is not null)
        {
            output.Write("\r\nSec-WebSocket-Protocol: "u8);
            Encoding.ASCII.GetBytes(subProtocol, output);
        }

        output.Write("\r\n\r\n"u8);
    }
}
