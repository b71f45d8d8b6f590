using Presence.Client;

namespace Presence.Cli;

/// <summary>Somebody whom a command is about, by name or by id.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Id">The id, if the text is one.</param>
internal sealed record Target(string Text, Guid? Id)
{
    /// <summary>Reads the users of a command line, each once.</summary>
    /// <exception cref="FailureException">There is an empty one.</exception>
    public static IReadOnlyList<Target> Parse(IEnumerable<string> texts) =>
        [.. texts.Select(text => text.Length == 0
            ? throw FailureException.Usage("A user has a name or an id.")
            : new Target(text, Guid.TryParse(text, out var id) ? id : null)).DistinctBy(t => t.Id?.ToString() ?? t.Text)];

    /// <summary>Whether a presence is of this user.</summary>
    public bool IsOf(Guid userId, string? username) => Id is { } id ? id == userId : string.Equals(Text, username, StringComparison.Ordinal);

    /// <summary>Whether a presence is of this user.</summary>
    public bool IsOf(UserPresence presence) => IsOf(presence.UserId, presence.Username);
}
