namespace Presence.Bench;

/// <summary>There is no server to measure: none answers, it lets nobody in, or it did not start.</summary>
internal sealed class UnreachableException(string message) : Exception(message);
