using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Presence.Client;
using Presence.Tests.Host;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Client;

/// <summary>The library over TLS.</summary>
public sealed class SecureClientTests(SecureClientTests.Server server) : IClassFixture<SecureClientTests.Server>
{
    [Theory]
    [InlineData("wss")]
    [InlineData("tcps")]
    [Trait("Clause", "C1")]
    public async Task A_client_speaks_TLS_and_checks_the_certificate(string scheme)
    {
        var user = Peers.NewUser();
        await using var client = await PresenceClient.ConnectAsync(Options(scheme, user, isTrusted: true)).WaitAsync(Clients.Patience);
        await client.SetStatusAsync("secure");
        await using var other = await PresenceClient.ConnectAsync(Options(scheme, Peers.NewUser(), isTrusted: true)).WaitAsync(Clients.Patience);
        Assert.Equal("secure", Assert.Single(await other.FollowAsync([user.Value])).Status);
        var e = await Assert.ThrowsAsync<PresenceConnectionException>(() => PresenceClient.ConnectAsync(Options(scheme, user, isTrusted: false)));
        Assert.Equal(DisconnectReason.Unavailable, e.Reason);
    }

    private PresenceClientOptions Options(string scheme, Presence.Actors.Model.UserId user, bool isTrusted) => new()
    {
        Server = new Uri(scheme == "wss" ? $"wss://localhost:{server.Http.Port}" : $"tcps://localhost:{server.Tcp.Port}"),
        TokenProvider = (_, _) => new ValueTask<string>(Tokens.Sign(Peers.IdentityOf(user, "alice"))),
        ServerCertificateValidation = isTrusted ? (_, certificate, _, _) => certificate!.Subject == "CN=localhost" : null,
    };

    public sealed class Server : ServerFixture, IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("presence-tls-");

        public Server()
        {
            using var key = RSA.Create(2048);
            using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(At("cert.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(At("key.pem"), key.ExportPkcs8PrivateKeyPem());
        }

        protected override IEnumerable<string> Settings =>
        [
            $"--Presence:Http:Certificate:Path={At("cert.pem")}", $"--Presence:Http:Certificate:KeyPath={At("key.pem")}",
            $"--Presence:Tcp:Certificate:Path={At("cert.pem")}", $"--Presence:Tcp:Certificate:KeyPath={At("key.pem")}",
        ];

        public void Dispose() => _folder.Delete(recursive: true);

        private string At(string file) => Path.Combine(_folder.FullName, file);
    }
}
