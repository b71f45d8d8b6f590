namespace Presence.Host.Configuration;

/// <summary>How the links of clients are carried.</summary>
internal sealed class LinkSettings
{
    /// <summary>What carries them.</summary>
    public LinkTransport Transport { get; set; } = LinkTransport.Auto;

    /// <summary>How many clients of its own a node tries itself out with before it lets anybody in; zero: none.</summary>
    public int Rehearsal { get; set; } = 300;

    /// <summary>What carries them on this machine.</summary>
    internal LinkTransport Chosen =>
        Transport != LinkTransport.Auto ? Transport : OperatingSystem.IsLinux() ? LinkTransport.Epoll : LinkTransport.Kestrel;

    internal IEnumerable<ConfigurationFault> Faults(string key)
    {
        if (!Enum.IsDefined(Transport))
            yield return new($"{key}:Transport", $"is '{Transport}'; it must be auto, kestrel or epoll");
        else if (Transport == LinkTransport.Epoll && !OperatingSystem.IsLinux())
            yield return new($"{key}:Transport", "is 'epoll', which only Linux has; auto takes the best there is");
        foreach (var fault in Rule.Between($"{key}:Rehearsal", Rehearsal, 0, 1000))
            yield return fault;
    }
}

/// <summary>What carries links.</summary>
internal enum LinkTransport
{
    /// <summary>The loops of this system if it has any, else those of every system.</summary>
    Auto,

    /// <summary>Loops over the framework's sockets, which Kestrel uses as well; on every system. Links with TLS are Kestrel's.</summary>
    Kestrel,

    /// <summary>Loops over Linux's epoll. Links with TLS are Kestrel's.</summary>
    Epoll,
}
