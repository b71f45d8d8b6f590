namespace Presence.Tests.Client.Programs;

/// <summary>A place in the history of a device, and what it showed there.</summary>
internal sealed record Place(string Device, int At, string? Status);
