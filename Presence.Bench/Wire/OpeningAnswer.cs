using System.Text;

namespace Presence.Bench.Wire;

/// <summary>How a server has answered the first bytes of a client.</summary>
internal enum OpeningResult
{
    /// <summary>The answer is not there as a whole.</summary>
    Incomplete,

    /// <summary>The link is open.</summary>
    Open,

    /// <summary>The server has refused it.</summary>
    Refused,
}

/// <summary>Reads the answer to an upgrade request or a hello line.</summary>
internal static class OpeningAnswer
{
    private const int LongestQuote = 120;

    /// <summary>Takes the answer from the front of what was received.</summary>
    /// <param name="kind">What carries the link.</param>
    /// <param name="reader">The received bytes.</param>
    /// <param name="refusal">What the server says if it refuses: the status of HTTP, or the error line; else empty.</param>
    public static OpeningResult Take(LinkKind kind, MessageReader reader, out string refusal)
    {
        refusal = "";
        if (kind == LinkKind.Tcp)
        {
            if (!reader.TryRead(out var line))
                return OpeningResult.Incomplete;
            if (line.Payload.Span.StartsWith("{\"hello\""u8))
                return OpeningResult.Open;
            refusal = Encoding.UTF8.GetString(line.Payload.Span[..Math.Min(line.Payload.Length, LongestQuote)]);
            return OpeningResult.Refused;
        }

        if (!Upgrade.TryRead(reader.Unread, out var length, out var statusCode))
            return OpeningResult.Incomplete;
        if (statusCode != 101)
        {
            refusal = Upgrade.FirstLine(reader.Unread);
            return OpeningResult.Refused;
        }

        reader.Skip(length);
        return OpeningResult.Open;
    }
}
