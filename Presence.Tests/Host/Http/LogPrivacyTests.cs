using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Presence.Tests.Host.Auth;
using Xunit;

namespace Presence.Tests.Host.Http;

[Trait("Clause", "A5")]
public sealed class LogPrivacyTests
{
    private static readonly (string Key, string Value)[] Loudest =
    [
        ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft.AspNetCore", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"),
        ("Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel.BadRequests", "Trace"),
    ];

    [Fact]
    public async Task Tokens_and_keys_are_in_no_log_at_any_level()
    {
        await using var host = await ApiHost.StartAsync("Development", app =>
        {
            app.MapGet("/ws", () => "a link");
            app.MapGet("/crash", string () => throw new InvalidOperationException("crashed"));
        }, Loudest);
        var (token, refresh) = await host.LoginAsync(vars: """{"k":"v"}""");
        var forged = Jwt.Hmac(Jwt.Payload(), "forged");
        string[] secrets = [token, refresh, forged, "defaultkey", ApiHost.ServerKey["Basic ".Length..]];
        foreach (var secret in secrets)
        {
            await host.SendAsync("GET", $"/ws?token={secret}&status=true");
            await host.SendAsync("GET", $"/crash?token={secret}");
            await host.SendAsync("GET", $"/nothing?token={secret}");
            await host.SendAsync("GET", "/v2/account", $"Bearer {secret}");
            await host.PostAsync("/v2/account/session/refresh", ApiHost.ServerKey, $$"""{"token":"{{secret}}"}""");
            await host.PostAsync("/v2/account/session/refresh", $"Basic {secret}", $$"""{"token":"{{secret}}" """);
            await SendRawAsync(host, $"GET /ws?token={secret} x HTTP/1.1\r\n\r\n");
            await SendRawAsync(host, $"G@T /ws?token={secret} HTTP/1.1\r\n\r\n");
        }
        await host.PostAsync("/v2/session/logout", $"Bearer {token}", "{}");

        Assert.Contains(host.Logs.Entries, entry => entry.Contains("/crash failed", StringComparison.Ordinal));
        Assert.Contains(host.Logs.Entries, entry => entry.Contains(" Debug: ", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Logs.Entries, entry => secrets.Any(secret => entry.Contains(secret, StringComparison.Ordinal)));
        Assert.DoesNotContain(host.Logs.Entries, entry => entry.Contains("?token", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fewer_entries_than_that_may_be_asked_for()
    {
        await using var host = await ApiHost.StartAsync(("Logging:LogLevel:Default", "None"));
        await host.SendAsync("GET", "/healthcheck");

        Assert.DoesNotContain(host.Logs.Entries, entry => entry.Contains("Microsoft.AspNetCore", StringComparison.Ordinal) && !entry.Contains(" scope: ", StringComparison.Ordinal));
    }

    private static async Task SendRawAsync(ApiHost host, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, host.Client.BaseAddress!.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        Assert.StartsWith("HTTP/1.1 4", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }
}
