using System.Net;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Akka.Actor;

namespace Presence.Host.Configuration;

/// <summary>How this node meets the others. By default it is alone, and its port answers on loopback only (contract A4).</summary>
internal sealed partial class ClusterSettings
{
    // Akka's own experience of clusters ends here.
    private const int MostMembers = 1000;

    /// <summary>The name or address under which the other nodes reach this one.</summary>
    public string Hostname { get; set; } = "127.0.0.1";

    /// <summary>The port under which the other nodes reach this one; 0 takes any free one.</summary>
    public int Port { get; set; }

    /// <summary>
    /// The IP address where the node-to-node port really listens, where that is not the <see cref="Hostname"/>'s own: in a
    /// container, or behind an address translation. Null for the latter's.
    /// </summary>
    public string? BindAddress { get; set; }

    /// <summary>The port that is really opened, where the other nodes see another; null for the same.</summary>
    public int? BindPort { get; set; }

    /// <summary>The nodes to join through, as <c>host:port</c> or a full address; the same list on every node.</summary>
    public string[] Seeds { get; set; } = [];

    /// <summary>
    /// How many members a cluster has at least before it begins to serve, so that a node which starts on the lesser side of a
    /// partition founds no second cluster (contract K4). Zero: the majority of the seeds.
    /// </summary>
    public int MinimumMembers { get; set; }

    /// <summary>How long the node may take to become a member. A node that is none by then ends, to be started anew.</summary>
    public TimeSpan JoinTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The roles of this node.</summary>
    public string[] Roles { get; set; } = [];

    /// <summary>The name of the cluster: nodes of different names never meet.</summary>
    public string Name { get; set; } = "presence";

    /// <summary>With a certificate, nodes speak TLS only, and only with those that show one of the <see cref="Authorities"/>.</summary>
    public CertificateSettings Certificate { get; set; } = new();

    /// <summary>PEM files: who may vouch for a node. Required with a certificate; there is no default, the system's store least of all.</summary>
    public string[] Authorities { get; set; } = [];

    /// <summary>
    /// Whether a node outside Development may open its port beyond loopback without a certificate, so that whoever reaches the port is a
    /// node (contract A4). For a network that carries nothing else, or encrypts by itself.
    /// </summary>
    public bool AllowPlaintext { get; set; }

    /// <summary>The minimum of members that holds.</summary>
    internal int Minimum => MinimumMembers > 0 ? MinimumMembers : (Seeds.Length / 2) + 1;

    /// <summary>Whether nodes talk over TLS.</summary>
    internal bool IsSecure => !string.IsNullOrEmpty(Certificate.Path);

    /// <summary>The seeds as full addresses, such as <c>akka.tcp://presence@node1.example:7354</c>, or <c>akka.ssl.tcp://…</c> with TLS.</summary>
    internal IEnumerable<string> SeedAddresses => Seeds.Select(FullAddress);

    internal IEnumerable<ConfigurationFault> Faults(string key, bool development)
    {
        if (Uri.CheckHostName(Hostname) is UriHostNameType.Unknown)
            yield return new($"{key}:Hostname", $"is '{Hostname}'; it must be a host name or an IP address without a port");
        foreach (var fault in Rule.Port($"{key}:Port", Port))
            yield return fault;
        foreach (var fault in BindFaults(key).Concat(JoinFaults(key)))
            yield return fault;
        if (!NameRule().IsMatch(Name))
            yield return new($"{key}:Name", $"is '{Name}'; it must be letters, digits, - and _, and start with a letter or digit");
        for (var i = 0; i < Seeds.Length; i++)
        {
            if (!IsSeed(Seeds[i]))
                yield return new($"{key}:Seeds:{i}", $"is '{Seeds[i]}'; it must look like node1.example:7354 or {Scheme}://{Name}@node1.example:7354");
        }
        foreach (var fault in TlsFaults(key))
            yield return fault;
        if (!development && !IsSecure && !AllowPlaintext && Uri.CheckHostName(Hostname) is not UriHostNameType.Unknown && !IsOnLoopback)
        {
            var (setting, address) = string.IsNullOrEmpty(BindAddress) ? ("Hostname", Hostname) : ("BindAddress", BindAddress);
            yield return new(
                $"{key}:Certificate:Path",
                $"is missing, and {key}:{setting} is '{address}', so whoever reaches the port between nodes could act as a node; "
                + $"give each node a certificate, or set {key}:AllowPlaintext=true if only nodes can reach that port");
        }
        for (var i = 0; i < Roles.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(Roles[i]))
                yield return new($"{key}:Roles:{i}", "is empty");
        }
    }

    /// <summary>
    /// Whether only this machine reaches the port. A name is not looked up: what it stands for may change after the check. An address that
    /// is none is another fault.
    /// </summary>
    private bool IsOnLoopback
    {
        get
        {
            var host = string.IsNullOrEmpty(BindAddress) ? Hostname : BindAddress;
            return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        }
    }

    private IEnumerable<ConfigurationFault> JoinFaults(string key)
    {
        foreach (var fault in Rule.Between($"{key}:MinimumMembers", MinimumMembers, 0, MostMembers))
            yield return fault;
        // A node without seeds is its own cluster, and would wait for nobody until it gives up.
        if (Seeds.Length == 0 && MinimumMembers > 1)
            yield return new($"{key}:MinimumMembers", $"is {MinimumMembers}, but there are no Seeds to meet others through");
        foreach (var fault in Rule.Span($"{key}:JoinTimeout", JoinTimeout))
            yield return fault;
    }

    private IEnumerable<ConfigurationFault> BindFaults(string key)
    {
        if (!string.IsNullOrEmpty(BindAddress))
        {
            foreach (var fault in Rule.Address($"{key}:BindAddress", BindAddress))
                yield return fault;
        }
        if (BindPort is not { } port)
            yield break;
        // Whatever forwards to the port has to know it beforehand, so there is no "any free one" here.
        var faults = Rule.Between($"{key}:BindPort", port, 1, IPEndPoint.MaxPort).ToList();
        if (faults.Count == 0 && Port == 0)
            faults.Add(new($"{key}:BindPort", $"is '{port}', but Port is not set; the other nodes must know under which port they reach this one"));
        foreach (var fault in faults)
            yield return fault;
    }

    private List<ConfigurationFault> TlsFaults(string key)
    {
        var faults = Certificate.Faults($"{key}:Certificate").ToList();
        for (var i = 0; i < Authorities.Length; i++)
        {
            if (Unloadable(Authorities[i]) is { } reason)
                faults.Add(new($"{key}:Authorities:{i}", $"is '{Authorities[i]}'; it cannot be loaded: {reason}"));
        }
        if (faults.Count > 0)
            return faults;
        if (IsSecure && Authorities.Length == 0)
            faults.Add(new($"{key}:Authorities", "is missing; name the PEM files of those who vouch for the nodes of this cluster"));
        if (!IsSecure && Authorities.Length > 0)
            faults.Add(new($"{key}:Authorities", "is given, but no certificate; name one in Certificate:Path, or the nodes talk without TLS"));
        if (IsSecure && faults.Count == 0 && OwnFault() is { } objection)
            faults.Add(new($"{key}:Certificate:Path", $"is '{Certificate.Path}'; no other node would take it: {objection}"));
        return faults;
    }

    /// <summary>A node whose own certificate is expired, or another authority's, would only knock at the others in vain.</summary>
    private string? OwnFault()
    {
        var (certificate, chain) = Certificate.Load()!.Value;
        using (certificate)
            return Configuration.Authorities.Load(Authorities).Objection(certificate, chain);
    }

    private static string? Unloadable(string path)
    {
        if (CertificateSettings.Unreadable(path) is { } reason)
            return reason;
        try
        {
            Configuration.Authorities.LoadFile(path);
            return null;
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return fault.Message;
        }
    }

    private bool IsSeed(string seed) =>
        NameRule().IsMatch(Name)
        && Address.TryParse(FullAddress(seed), out var parsed)
        && parsed.Protocol == Scheme && parsed.System == Name && parsed.Host is { Length: > 0 } && parsed.Port is > 0 and <= 65535;

    private string FullAddress(string seed) =>
        seed.Contains("://", StringComparison.Ordinal) ? seed : $"{Scheme}://{Name}@{seed}";

    private string Scheme => IsSecure ? "akka.ssl.tcp" : "akka.tcp";

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_-]*$")]
    private static partial Regex NameRule();
}
