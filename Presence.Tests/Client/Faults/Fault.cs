namespace Presence.Tests.Client.Faults;

/// <summary>What befalls one connection on a <see cref="FaultyWire"/>. Without any of it, all passes at once.</summary>
internal sealed record Fault
{
    /// <summary>Nothing befalls it.</summary>
    public static Fault None { get; } = new();

    /// <summary>How it ends, when it does.</summary>
    public Ending Ending { get; init; } = Ending.Reset;

    /// <summary>How many bytes of the client pass before it ends; null: however many there are.</summary>
    public long? Up { get; init; }

    /// <summary>How many bytes of the server pass before it ends; null: however many there are.</summary>
    public long? Down { get; init; }

    /// <summary>Nothing passes in one piece that has more bytes than this.</summary>
    public int Piece { get; init; } = int.MaxValue;

    /// <summary>How long every piece takes.</summary>
    public TimeSpan Delay { get; init; }

    public override string ToString() => $"{Ending} after {Up?.ToString() ?? "all"} up or {Down?.ToString() ?? "all"} down, in pieces of {Piece}, each {Delay.TotalMilliseconds} ms";
}

/// <summary>How a connection on a <see cref="FaultyWire"/> ends.</summary>
public enum Ending
{
    /// <summary>Both sides are told that it is no more.</summary>
    Reset,

    /// <summary>Both sides are told that no more comes.</summary>
    Finish,

    /// <summary>Nothing passes any more and nobody is told, until one side gives it up.</summary>
    Silence,
}
