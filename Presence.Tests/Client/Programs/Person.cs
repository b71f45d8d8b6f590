namespace Presence.Tests.Client.Programs;

/// <summary>A user of a program, who may have several devices; what these show begins with the name.</summary>
internal sealed record Person(Guid Id, string Name)
{
    /// <summary>Whether one of this user's devices shows this status.</summary>
    public bool Shows(string status) => status.StartsWith($"{Name}.", StringComparison.Ordinal);
}
