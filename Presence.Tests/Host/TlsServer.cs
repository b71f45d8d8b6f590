using System.Net;
using System.Security.Cryptography.X509Certificates;
using Presence.Tests.Host.Node;

namespace Presence.Tests.Host;

/// <summary>
/// A server with a certificate for both ports, whose links Kestrel carries therefore. Its clients, which speak no TLS, reach it
/// over a relay that speaks it for them.
/// </summary>
public class TlsServer : ServerFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("presence-tls-").FullName;
    private readonly List<TlsRelay> _relays = [];
    private readonly (string Certificate, string Key) _files;
    private readonly X509Certificate2 _certificate;

    public TlsServer()
    {
        _files = TestAuthority.SelfSigned(_folder, "localhost");
        _certificate = X509CertificateLoader.LoadCertificateFromFile(_files.Certificate);
    }

    /// <summary>Where the server itself speaks HTTP over TLS.</summary>
    public IPEndPoint HttpBehindRelay { get; private set; } = null!;

    /// <summary>Where the server itself has its TCP links over TLS.</summary>
    public IPEndPoint TcpBehindRelay { get; private set; } = null!;

    protected override IEnumerable<string> Settings
    {
        get
        {
            foreach (var port in new[] { "Http", "Tcp" })
            {
                yield return $"--Presence:{port}:Certificate:Path={_files.Certificate}";
                yield return $"--Presence:{port}:Certificate:KeyPath={_files.Key}";
            }
        }
    }

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        HttpBehindRelay = new IPEndPoint(IPAddress.Loopback, Http.Port);
        TcpBehindRelay = Tcp;
        Http = new UriBuilder("http", Http.Host, Relay(new IPEndPoint(IPAddress.Loopback, Http.Port)).Port).Uri;
        Tcp = Relay(Tcp);
    }

    public override async Task DisposeAsync()
    {
        foreach (var relay in _relays)
            await relay.DisposeAsync();
        await base.DisposeAsync();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private IPEndPoint Relay(IPEndPoint server)
    {
        var relay = new TlsRelay(server, _certificate);
        _relays.Add(relay);
        return relay.EndPoint;
    }
}
