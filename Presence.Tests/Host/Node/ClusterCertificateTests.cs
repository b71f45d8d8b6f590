using System.Security.Cryptography.X509Certificates;
using Presence.Host.Configuration;
using Presence.Host.Node;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>What a node's certificate and authorities have to be for the node to start.</summary>
[Trait("Clause", "A4")]
public sealed class ClusterCertificateTests : IDisposable
{
    private const string Client = "1.3.6.1.5.5.7.3.2";
    private const string Server = "1.3.6.1.5.5.7.3.1";

    private readonly string _folder = Directory.CreateTempSubdirectory("presence-").FullName;
    private readonly TestAuthority _ours;
    private readonly TestAuthority _theirs;

    public ClusterCertificateTests() => (_ours, _theirs) = (new TestAuthority(_folder, "ours"), new TestAuthority(_folder, "theirs"));

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_certificate_of_one_of_the_authorities_will_do()
    {
        Assert.Empty(Faults(_ours.Issue("plain"), _ours.Path));
        Assert.Empty(Faults(_ours.Issue("both", 1, Server, Client), _theirs.Path, _ours.Path));
        var own = TestAuthority.SelfSigned(_folder, "own");
        Assert.Empty(Faults(own, own.Certificate));
    }

    [Fact]
    public void An_own_certificate_that_no_other_node_would_take_is_a_fault()
    {
        Assert.Contains("NotTimeValid", Path(Faults(_ours.Issue("late", days: -1), _ours.Path)), StringComparison.Ordinal);
        Assert.Contains("PartialChain", Path(Faults(_ours.Issue("lost"), _theirs.Path)), StringComparison.Ordinal);
        Assert.Contains("NotValidForUsage", Path(Faults(_ours.Issue("site", 1, Server), _ours.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Authorities_and_a_certificate_go_together()
    {
        Assert.Contains("is missing", Fault("Presence:Cluster:Authorities", Faults(_ours.Issue("node"))), StringComparison.Ordinal);
        Assert.Contains("no certificate", Fault("Presence:Cluster:Authorities", Faults((null, null), _ours.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_authority_that_cannot_be_read_is_a_fault()
    {
        var node = _ours.Issue("node");
        Assert.Contains("nowhere.pem", Fault("Presence:Cluster:Authorities:1", Faults(node, _ours.Path, "nowhere.pem")), StringComparison.Ordinal);
        Assert.Contains("no PEM certificate", Fault("Presence:Cluster:Authorities:0", Faults(node, node.Key)), StringComparison.Ordinal);
        Assert.Contains("cannot be loaded", Fault("Presence:Cluster:Authorities:0", Faults(node, "")), StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_of_one_intermediate_authority_take_each_other_by_its_root()
    {
        using var between = new TestAuthority(_folder, "between", _ours);
        var first = WithChain(between.Issue("first"), between);
        var second = WithChain(between.Issue("second"), between);
        var verification = new PeerVerification(Settings(first, _ours.Path));

        Assert.Empty(Faults(first, _ours.Path));
        using var peer = X509CertificateLoader.LoadCertificateFromFile(second.Certificate);
        Assert.Null(verification.Objection(peer, null));
        using var stranger = X509CertificateLoader.LoadCertificateFromFile(_theirs.Issue("stranger").Certificate);
        Assert.NotNull(verification.Objection(stranger, null));
        Assert.NotNull(verification.Objection(null, null));
    }

    [Fact]
    public void Seeds_get_the_scheme_of_TLS()
    {
        var settings = Settings(_ours.Issue("node"), _ours.Path);
        settings.Seeds = ["node1:7354", "akka.tcp://presence@node2:7354"];

        Assert.Equal("akka.ssl.tcp://presence@node1:7354", settings.SeedAddresses.First());
        Assert.Contains("akka.ssl.tcp://presence@", Fault("Presence:Cluster:Seeds:1", settings.Faults("Presence:Cluster", development: true)), StringComparison.Ordinal);
    }

    private static string Path(IEnumerable<ConfigurationFault> faults) => Fault("Presence:Cluster:Certificate:Path", faults);

    private static string Fault(string key, IEnumerable<ConfigurationFault> faults)
    {
        var fault = Assert.Single(faults);
        Assert.Equal(key, fault.Key);
        return fault.Reason;
    }

    private static IEnumerable<ConfigurationFault> Faults((string? Certificate, string? Key) files, params string[] authorities) =>
        Settings(files, authorities).Faults("Presence:Cluster", development: true);

    private static ClusterSettings Settings((string? Certificate, string? Key) files, params string[] authorities) =>
        new() { Certificate = new() { Path = files.Certificate, KeyPath = files.Key }, Authorities = authorities };

    private static (string Certificate, string Key) WithChain((string Certificate, string Key) files, TestAuthority issuer)
    {
        File.AppendAllText(files.Certificate, "\n" + File.ReadAllText(issuer.Path));
        return files;
    }
}
