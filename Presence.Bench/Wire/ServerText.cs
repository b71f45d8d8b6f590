namespace Presence.Bench.Wire;

/// <summary>What a message of a server is to the load.</summary>
internal enum TextKind
{
    /// <summary>Statuses of somebody have changed.</summary>
    StatusEvent,

    /// <summary>The reply to a follow.</summary>
    FollowReply,

    /// <summary>The reply to an update.</summary>
    UpdateReply,

    /// <summary>A follow was refused.</summary>
    FollowRefused,

    /// <summary>An update was refused.</summary>
    UpdateRefused,

    /// <summary>An error that answers no request.</summary>
    Error,

    /// <summary>Something else, such as a notification.</summary>
    Other,
}

/// <summary>
/// Reads the JSON messages of a server by looking for the few words that matter, wherever they stand and whatever space there is
/// between them: a parser would cost more than the server under test. What the load itself has made up, its users' names, ids and
/// statuses, holds none of these words.
/// </summary>
internal static class ServerText
{
    // The name of what a message holds comes early: behind a brace and at most a cid.
    private const int Head = 96;

    /// <summary>What kind of message this is.</summary>
    public static TextKind KindOf(ReadOnlySpan<byte> text)
    {
        var head = text[..Math.Min(text.Length, Head)];
        if (head.IndexOf("\"status_presence_event\""u8) >= 0)
            return TextKind.StatusEvent;
        var isError = head.IndexOf("\"error\""u8) >= 0;
        return CidOf(text) switch
        {
            (byte)'u' => isError ? TextKind.UpdateRefused : TextKind.UpdateReply,
            (byte)'f' => isError ? TextKind.FollowRefused : TextKind.FollowReply,
            _ => isError ? TextKind.Error : TextKind.Other,
        };
    }

    /// <summary>How many presences a message lists.</summary>
    public static int CountPresences(ReadOnlySpan<byte> text) => text.Count("\"session_id\""u8);

    /// <summary>Reads what a status event says of the load's own updates.</summary>
    public static EventMarks ReadEvent(ReadOnlySpan<byte> text)
    {
        var joins = text.IndexOf("\"joins\""u8);
        var leaves = text.IndexOf("\"leaves\""u8);
        var marks = default(EventMarks);
        if (joins < 0)
            return marks;
        var rest = text[joins..(leaves > joins ? leaves : text.Length)];
        while (TryNext(ref rest, out var mark))
        {
            marks.Joins++;
            marks.Numbers += mark.Number;
            marks.Latest = Math.Max(marks.Latest, mark.Time);
        }

        if (leaves < 0 || text[(leaves + "\"leaves\"".Length)..].TrimStart(": \t\r\n["u8).StartsWith("]"u8))
            return marks;
        marks.HasLeaves = true;
        rest = text[leaves..(joins > leaves ? joins : text.Length)];
        while (TryNext(ref rest, out var mark))
            marks.Numbers -= mark.Number;
        return marks;
    }

    // The cids of the load are a letter each; 0 stands for none.
    private static byte CidOf(ReadOnlySpan<byte> text)
    {
        var name = "\"cid\""u8;
        var at = text.IndexOf(name);
        if (at < 0)
            return 0;
        var value = text[(at + name.Length)..].TrimStart(": \t\r\n"u8);
        return value.Length >= 3 && value[0] == '"' && value[2] == '"' ? value[1] : (byte)0;
    }

    private static bool TryNext(ref ReadOnlySpan<byte> text, out StatusMark mark)
    {
        int at;
        while ((at = text.IndexOf(StatusMark.Beginning)) >= 0)
        {
            text = text[(at + StatusMark.Beginning.Length)..];
            if (StatusMark.TryRead(text, out mark))
                return true;
        }

        mark = default;
        return false;
    }
}

/// <summary>What a status event says of the load's own updates.</summary>
internal struct EventMarks
{
    /// <summary>How many statuses of the load it shows; 0: it does not concern the load.</summary>
    public int Joins;

    /// <summary>The numbers of the updates that it shows, less the numbers of those that they replace.</summary>
    public long Numbers;

    /// <summary>Whether it says what was shown before.</summary>
    public bool HasLeaves;

    /// <summary>When the latest of the updates was to be sent.</summary>
    public long Latest;

    /// <summary>
    /// How many updates it stands for: one each, as a rule, and more where a server has merged updates for a follower that was behind
    /// (contract L1). A server that does not say what was shown before is taken to merge nothing.
    /// </summary>
    public readonly long Covered => HasLeaves ? Numbers : Joins;
}
