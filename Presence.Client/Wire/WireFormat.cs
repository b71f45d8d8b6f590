namespace Presence.Client.Wire;

/// <summary>A way to write what a client says and to read what a server says.</summary>
internal abstract class WireFormat
{
    public static WireFormat Of(MessageFormat format) => format switch
    {
        MessageFormat.Json => JsonFormat.Instance,
        MessageFormat.Protobuf => ProtobufFormat.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format."),
    };

    /// <summary>The value of the <c>format</c> parameter.</summary>
    public abstract string Name { get; }

    /// <summary>Whether messages are text.</summary>
    public abstract bool IsText { get; }

    public abstract byte[] Write(string cid, ClientMessage message);

    /// <summary>The answer to <see cref="ServerMessage.Ping"/>; nobody writes to it.</summary>
    public abstract byte[] Pong { get; }

    /// <exception cref="FormatException">The bytes are no message of the protocol.</exception>
    public abstract ServerMessage Read(ReadOnlyMemory<byte> message);

    /// <summary>An instant as the protocol writes it.</summary>
    protected static DateTimeOffset Time(long seconds)
    {
        // From the year 1 to the year 9999.
        if (seconds is < -62_135_596_800 or > 253_402_300_799)
            throw new FormatException("An instant that no calendar has.");
        return DateTimeOffset.FromUnixTimeSeconds(seconds);
    }

    /// <summary>A presence of these texts; a status that is absent is none, which no visible presence has.</summary>
    protected static UserPresence Presence(string? user, string? session, string? username, string? status)
    {
        if (!Guid.TryParse(user, out var id) || string.IsNullOrEmpty(session))
            throw new FormatException("A presence without a user or a session.");
        return new UserPresence(id, session!, username ?? "", status ?? "");
    }
}
