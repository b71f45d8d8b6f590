namespace Presence.Host.Links.Loops;

/// <summary>Something that gathers what it has to write during a turn of its loop, and writes it at the end of the turn.</summary>
internal interface IFlush
{
    /// <summary>
    /// Whether it is marked to be flushed. A place for the loop to keep this, since a set of what is marked would cost more than
    /// the marking: nobody else sets it.
    /// </summary>
    bool IsMarked { get; set; }

    /// <summary>Writes what is there. Called once for any number of marks, on the loop's thread.</summary>
    void Flush();
}
