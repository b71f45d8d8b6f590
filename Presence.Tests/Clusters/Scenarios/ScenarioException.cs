namespace Presence.Tests.Clusters.Scenarios;

/// <summary>A node, rather than what clients were told, broke a promise.</summary>
public sealed class ScenarioException(string clause, string message) : Exception($"{clause}: {message}");
