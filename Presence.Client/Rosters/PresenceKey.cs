namespace Presence.Client.Rosters;

/// <summary>What identifies a presence.</summary>
internal readonly record struct PresenceKey(Guid User, string Session);
