using Presence.Client;

namespace Presence.Cli.Watching;

/// <summary>Something that a watch has to show.</summary>
/// <param name="At">When it was told.</param>
internal abstract record WatchEvent(DateTimeOffset At);

/// <summary>What is so when the watch begins.</summary>
/// <param name="At">When.</param>
/// <param name="Snapshot">What is so.</param>
internal sealed record Began(DateTimeOffset At, Snapshot Snapshot) : WatchEvent(At);

/// <summary>Somebody shows something else.</summary>
/// <param name="At">When it was told.</param>
/// <param name="Change">What has changed.</param>
internal sealed record Changed(DateTimeOffset At, StatusChange Change) : WatchEvent(At);

/// <summary>The connection is in another state.</summary>
/// <param name="At">When.</param>
/// <param name="State">The state.</param>
internal sealed record StateChanged(DateTimeOffset At, ConnectionState State) : WatchEvent(At);
