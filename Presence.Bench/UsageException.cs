namespace Presence.Bench;

/// <summary>What was asked for cannot be done; the message tells the person who asked what to change.</summary>
internal sealed class UsageException(string message) : Exception(message);
