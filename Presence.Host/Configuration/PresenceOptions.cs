namespace Presence.Host.Configuration;

/// <summary>
/// What a deployment varies, bound from the <c>Presence</c> section of the configuration: appsettings.json, the environment
/// (<c>Presence__Http__Port</c>), the command line (<c>--Presence:Http:Port</c>). A wrong value, or a key that is none of
/// these, stops the start (<see cref="PresenceOptionsValidator"/>).
/// </summary>
internal sealed class PresenceOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Presence";

    /// <summary>
    /// What an application proves itself with when it asks for a session, and a server when it calls this one. Well-known in
    /// Development, required elsewhere.
    /// </summary>
    public string? ServerKey { get; set; }

    /// <summary>The HTTP port.</summary>
    public HttpSettings Http { get; set; } = new();

    /// <summary>The TCP port.</summary>
    public TcpSettings Tcp { get; set; } = new();

    /// <summary>How links are carried.</summary>
    public LinkSettings Links { get; set; } = new();

    /// <summary>Tokens and what they allow.</summary>
    public SessionSettings Session { get; set; } = new();

    /// <summary>Limits.</summary>
    public LimitSettings Limits { get; set; } = new();

    /// <summary>The other nodes.</summary>
    public ClusterSettings Cluster { get; set; } = new();

    /// <summary>How the node stops.</summary>
    public StopSettings Stop { get; set; } = new();

    internal IEnumerable<ConfigurationFault> Faults(bool development) =>
    [
        .. ServerKeyFaults($"{Section}:ServerKey", development),
        .. Http.Faults($"{Section}:Http"),
        .. Tcp.Faults($"{Section}:Tcp"),
        .. PortFaults($"{Section}:Tcp:Port"),
        .. Links.Faults($"{Section}:Links"),
        .. Session.Faults($"{Section}:Session", development, ServerKey),
        .. Limits.Faults($"{Section}:Limits"),
        .. Cluster.Faults($"{Section}:Cluster", development),
        .. Stop.Faults($"{Section}:Stop"),
    ];

    /// <summary>Fills in what Development may leave out (contract A3).</summary>
    internal void ApplyDevelopmentDefaults()
    {
        ServerKey ??= WellKnownKeys.Server;
        Session.SigningKey ??= WellKnownKeys.Signing;
        Session.RefreshSigningKey ??= WellKnownKeys.RefreshSigning;
        Session.AllowMinting ??= true;
        Http.Demo ??= true;
        Stop.DrainTime ??= TimeSpan.Zero;
    }

    private IEnumerable<ConfigurationFault> ServerKeyFaults(string key, bool development)
    {
        if (string.IsNullOrEmpty(ServerKey))
            yield return new(key, "is missing");
        else if (ServerKey.Contains(':', StringComparison.Ordinal))
            yield return new(key, "contains a colon, which ends the key where clients send it");
        if (!development && !string.IsNullOrEmpty(ServerKey) && Secrets.Fault(ServerKey) is { } fault)
            yield return new(key, fault);
    }

    private IEnumerable<ConfigurationFault> PortFaults(string key)
    {
        if (Http.Port > 0 && Http.Port == Tcp.Port)
            yield return new(key, $"is {Tcp.Port}, and so is {Section}:Http:Port; each needs a port of its own");
    }
}
