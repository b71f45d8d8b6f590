using System.Text.Json;
using Presence.Client;

namespace Presence.Cli.Watching;

/// <summary>A presence in JSON.</summary>
internal sealed record PresenceItem(Guid UserId, string SessionId, string Username, string Status);

/// <summary>A snapshot as a line of JSON.</summary>
internal sealed record SnapshotLine(
    string Type, DateTime At, IReadOnlyList<PresenceItem> Presences, IReadOnlyList<string> Offline, IReadOnlyList<string> Unknown, SelfItem? Self)
{
    public static SnapshotLine Of(Snapshot snapshot, DateTimeOffset at) => new(
        "snapshot",
        at.UtcDateTime,
        [.. snapshot.Presences.Select(p => new PresenceItem(p.UserId, p.SessionId, p.Username, p.Status))],
        [.. snapshot.Offline.Select(t => t.Text)],
        [.. snapshot.Unknown.Select(t => t.Text)],
        snapshot.Self is [var self, ..] ? new SelfItem(self.Text, snapshot.IsSelfOnline) : null);

    public override string ToString() => JsonSerializer.Serialize(this, CliJson.Default.SnapshotLine);
}

/// <summary>Oneself in JSON, of whom only this much is known.</summary>
internal sealed record SelfItem(string User, bool? Online);

/// <summary>A change as a line of JSON.</summary>
internal sealed record ChangeLine(string Type, DateTime At, Guid UserId, string SessionId, string Username, string? Old, string? New)
{
    public static ChangeLine Of(StatusChange change, DateTimeOffset at) =>
        new("change", at.UtcDateTime, change.UserId, change.SessionId, change.Username, change.Old, change.New);

    public override string ToString() => JsonSerializer.Serialize(this, CliJson.Default.ChangeLine);
}

/// <summary>A state of the connection as a line of JSON.</summary>
internal sealed record StateLine(string Type, DateTime At, string Phase, string? Reason, string? Message, double? RetryInSeconds)
{
    public static StateLine Of(ConnectionState state, DateTimeOffset at) => new(
        "state", at.UtcDateTime, Word(state.Phase), state.Reason is { } reason ? Word(reason) : null, state.Error?.Message, state.RetryIn?.TotalSeconds);

    public override string ToString() => JsonSerializer.Serialize(this, CliJson.Default.StateLine);

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
