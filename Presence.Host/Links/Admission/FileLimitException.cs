namespace Presence.Host.Links.Admission;

/// <summary>The limit of open files is too low for a node.</summary>
/// <param name="limit">The limit.</param>
internal sealed class FileLimitException(int limit)
    : Exception($"the limit of open files is {limit}; a node needs at least {FileLimit.Least} (ulimit -n, or LimitNOFILE of systemd).");
