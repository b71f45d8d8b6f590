namespace Presence.Host.Configuration;

/// <summary>Where the HTTP API and <c>/ws</c> listen.</summary>
internal sealed class HttpSettings
{
    /// <summary>The IP address; by default all of IPv4, as clients come from elsewhere.</summary>
    public string Address { get; set; } = "0.0.0.0";

    /// <summary>The port; 0 takes any free one.</summary>
    public int Port { get; set; } = 7350;

    /// <summary>Whether the page at <c>/demo/</c> is served; null means in Development only.</summary>
    public bool? Demo { get; set; }

    /// <summary>With a certificate the port speaks TLS only.</summary>
    public CertificateSettings Certificate { get; set; } = new();

    internal IEnumerable<ConfigurationFault> Faults(string key) =>
    [
        .. Rule.Address($"{key}:Address", Address),
        .. Rule.Port($"{key}:Port", Port),
        .. Certificate.Faults($"{key}:Certificate"),
    ];
}
