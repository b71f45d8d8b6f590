using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Presence.Bench.Comparing;

namespace Presence.Bench.Abuse;

/// <summary>How the server is started that an abuse is run against.</summary>
/// <param name="Host">The file <c>Presence.Host.dll</c>.</param>
/// <param name="Transport"><c>epoll</c> or <c>kestrel</c>.</param>
/// <param name="IsTls">Whether both ports have a certificate.</param>
/// <param name="Arguments">More arguments for it.</param>
internal sealed record AbuseServer(string Host, string Transport, bool IsTls, string Arguments)
{
    /// <summary>The server that was built with this tool.</summary>
    public static string OwnHost => Path.Combine(AppContext.BaseDirectory, "Presence.Host.dll");

    /// <summary>What it is called in reports.</summary>
    public string Name => IsTls ? $"{Transport}, TLS" : Transport;

    /// <summary>Starts it on free ports of the loopback.</summary>
    /// <param name="certificate">The file of its certificate; used only with TLS.</param>
    /// <param name="log">A file for what it writes; null if that is not kept.</param>
    /// <exception cref="UnreachableException">It does not start.</exception>
    public Task<ServerUnderTest> StartAsync(string certificate, string? log) => ServerUnderTest.StartAsync(new ServerCommand(Name, Command(certificate)), log);

    /// <summary>The addresses of a server that was started.</summary>
    public Task<AbuseTarget> TargetAsync(ServerUnderTest server) => AbuseTarget.ParseAsync(
        string.Create(CultureInfo.InvariantCulture, $"{(IsTls ? "wss" : "ws")}://127.0.0.1:{server.Port}"),
        string.Create(CultureInfo.InvariantCulture, $"{(IsTls ? "tls://" : "")}127.0.0.1:{server.TcpPort}"));

    /// <summary>Writes a self-signed certificate for the loopback.</summary>
    public static void WriteCertificate(string file)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = DateTimeOffset.UtcNow;
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now.AddDays(2));
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pfx));
    }

    private string Command(string certificate)
    {
        var command = $"dotnet '{Host}' --environment=Development --Presence:Http:Address=127.0.0.1 --Presence:Http:Port={ServerCommand.Port}"
            + $" --Presence:Tcp:Address=127.0.0.1 --Presence:Tcp:Port={ServerCommand.TcpPort} --Presence:Links:Transport={Transport}";
        if (IsTls)
            command += $" --Presence:Http:Certificate:Path='{certificate}' --Presence:Tcp:Certificate:Path='{certificate}'";
        return $"{command} {Arguments}";
    }
}
