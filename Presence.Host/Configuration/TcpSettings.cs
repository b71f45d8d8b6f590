namespace Presence.Host.Configuration;

/// <summary>Where the plain TCP links listen.</summary>
internal sealed class TcpSettings
{
    /// <summary>The IP address; by default all of IPv4, as clients come from elsewhere.</summary>
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>The port; 0 takes any free one, -1 leaves the TCP links out.</summary>
    public int Port { get; set; } = 7352;

    /// <summary>With a certificate the port speaks TLS only.</summary>
    public CertificateSettings Certificate { get; set; } = new();

    internal IEnumerable<ConfigurationFault> Faults(string key) =>
    [
        .. Rule.Address($"{key}:Address", Address),
        .. Rule.Port($"{key}:Port", Port, lowest: -1),
        .. Certificate.Faults($"{key}:Certificate"),
    ];
}
