using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Host.Http;

public sealed class KestrelTests
{
    [Theory]
    [InlineData(12_000, 200)]
    [InlineData(60_000, 200)]
    [InlineData(65_536, 414)]
    public async Task A_request_line_may_be_as_long_as_a_long_token(int length, int status)
    {
        await using var host = await ApiHost.StartAsync("Development", app =>
            app.MapGet("/ws", (HttpRequest request) => $"{request.Query["token"].ToString().Length}"));
        var answer = await host.SendAsync("GET", $"/ws?token={new string('t', length)}");

        Assert.Equal(status, answer.Status);
        if (status == 200)
            Assert.Equal($"{length}", answer.Body);
        else
            Assert.Equal((status, 3), answer.Error);
    }

    [Fact]
    [Trait("Clause", "L4")]
    public async Task A_question_about_users_may_name_a_thousand_and_no_more()
    {
        await using var host = await ApiHost.StartAsync();
        var (token, _) = await host.LoginAsync();
        var shown = Enumerable.Range(0, 1000).Select(_ => new UserId(Guid.NewGuid())).ToList();
        shown.ForEach(user => host.Lookup.Show(user, $"name-{user}"));

        var answer = await host.SendAsync("GET", $"/v2/user?{string.Join('&', shown.Select(user => $"ids={user}"))}", $"Bearer {token}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(1000, answer.Json.GetProperty("users").GetArrayLength());

        var names = string.Join('&', Enumerable.Repeat("usernames=a", 1000));
        Assert.Equal(200, (await host.SendAsync("GET", $"/v2/user?{names}", $"Bearer {token}")).Status);
        Assert.Equal((400, 3), (await host.SendAsync("GET", $"/v2/user?{names}&usernames=a", $"Bearer {token}")).Error);
        Assert.Equal((414, 3), (await host.SendAsync("GET", $"/v2/user?{names}&usernames={new string('a', 54_000)}", $"Bearer {token}")).Error);
    }

    public static TheoryData<string, string, int, int> Unreadable => new()
    {
        { "no HTTP", "hello\r\n\r\n", 400, 3 },
        { "a TLS handshake", "\u0016\u0003\u0001\u0002\u0000\r\n\r\n", 400, 3 },
        { "no host", "GET / HTTP/1.1\r\n\r\n", 400, 3 },
        { "a header without a colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400, 3 },
        { "a length that is none", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, 3 },
        { "a line too long", $"GET /{new string('a', 65_536)} HTTP/1.1\r\nHost: a\r\n\r\n", 414, 3 },
        { "headers too long", $"GET / HTTP/1.1\r\nHost: a\r\nX: {new string('a', 32_768)}\r\n\r\n", 431, 3 },
        { "too many headers", $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(Enumerable.Repeat("X: a\r\n", 101))}\r\n", 431, 3 },
        { "another version", "GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505, 12 },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    [Trait("Clause", "L3")]
    public async Task What_the_HTTP_server_cannot_read_is_answered_with_an_error_in_JSON(string what, string request, int status, int code)
    {
        await using var host = await ApiHost.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));

        var body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.True(answer.StartsWith($"HTTP/1.1 {status} ", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.Contains("\r\nContent-Type: application/json\r\n", answer, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {body.Length}\r\n", answer, StringComparison.Ordinal);
        Assert.Equal(code, System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty("code").GetInt32());
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task Headers_without_end_are_cut_off()
    {
        await using var host = await ApiHost.StartAsync(("Presence:Limits:AuthenticateTimeout", "00:00:01"));
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync("GET / HTTP/1.1\r\nX: "u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);

        var answer = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.EndsWith("""{"code":3,"message":"The request did not come in time."}""", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_tells_what_serves()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.False((await host.SendAsync("GET", "/")).Headers.Contains("Server"));
    }

    [Fact]
    [Trait("Clause", "A4")]
    public async Task With_a_certificate_the_port_speaks_TLS_only()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var folder = Directory.CreateTempSubdirectory("presence-").FullName;
        try
        {
            var (path, keyPath) = (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
            await File.WriteAllTextAsync(path, certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(keyPath, key.ExportPkcs8PrivateKeyPem());
            await using var host = await ApiHost.StartAsync(("Presence:Http:Certificate:Path", path), ("Presence:Http:Certificate:KeyPath", keyPath));

            Assert.Equal("https", host.Client.BaseAddress!.Scheme);
            using var handler = new HttpClientHandler
            {
                ServerCertificateCustomValidationCallback = (_, served, _, _) => served?.Thumbprint == certificate.Thumbprint,
            };
            using var client = new HttpClient(handler) { BaseAddress = host.Client.BaseAddress };
            Assert.Equal("{}", await client.GetStringAsync("/healthcheck"));
            await Assert.ThrowsAsync<HttpRequestException>(() =>
                host.Client.GetStringAsync(new UriBuilder(host.Client.BaseAddress) { Scheme = "http" }.Uri));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
