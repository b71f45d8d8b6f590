using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Presence.Tests.Host.Configuration;

/// <summary>The built server as a process: how it refuses to start.</summary>
public sealed class StartTests
{
    [Fact]
    [Trait("Clause", "A3")]
    public async Task Production_does_not_start_on_default_keys()
    {
        var (code, output, error) = await RunAsync("Production", []);

        Assert.NotEqual(0, code);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("Presence cannot start: Presence:ServerKey is missing", line, StringComparison.Ordinal);
        Assert.Contains("Presence:Session:SigningKey is missing", line, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Fact]
    [Trait("Clause", "A3")]
    public async Task Production_does_not_start_on_well_known_keys()
    {
        var (code, output, error) = await RunAsync("Production",
            ["--Presence:ServerKey=defaultkey", "--Presence:Session:SigningKey=defaultencryptionkey", "--Presence:Session:RefreshSigningKey=defaultrefreshencryptionkey"]);

        Assert.NotEqual(0, code);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("Presence:Session:SigningKey is a well-known development key", error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Theory]
    [Trait("Clause", "A3")]
    [InlineData("a secret of 25 bytes only", "Presence:Session:SigningKey has 25 bytes; outside Development it must have at least 32 (openssl rand -base64 48 makes a good one)")]
    [InlineData("a server key that is long enough for both", "Presence:Session:SigningKey is the same as Presence:ServerKey; each needs a key of its own")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "Presence:Session:SigningKey is PEM text; a public key is known to everybody, and belongs into PublicKeys")]
    [InlineData("\u2026", "Presence:Session:SigningKey is a placeholder; choose a secret of your own")]
    public async Task Production_does_not_start_on_a_weak_key_and_says_why_in_one_line(string key, string line)
    {
        var (code, output, error) = await RunAsync(
            "Production", ["--Presence:ServerKey=a server key that is long enough for both", $"--Presence:Session:SigningKey={key}"]);

        Assert.Equal(78, code);
        Assert.Equal($"Presence cannot start: {line}", error.TrimEnd());
        Assert.Equal("", output);
    }

    [Fact]
    [Trait("Clause", "A4")]
    public async Task Production_does_not_open_the_port_between_nodes_to_others_without_TLS()
    {
        var (code, output, error) = await RunAsync("Production",
        [
            "--Presence:ServerKey=a server key of our own, long enough", "--Presence:Session:SigningKey=a signing key of our own, long enough",
            "--Presence:Cluster:Hostname=node1.example", "--Presence:Cluster:BindAddress=0.0.0.0", "--Presence:Cluster:Port=7354",
        ]);

        Assert.Equal(78, code);
        Assert.Equal(
            "Presence cannot start: Presence:Cluster:Certificate:Path is missing, and Presence:Cluster:BindAddress is '0.0.0.0', so whoever reaches "
            + "the port between nodes could act as a node; give each node a certificate, or set Presence:Cluster:AllowPlaintext=true if only nodes "
            + "can reach that port", error.TrimEnd());
        Assert.Equal("", output);
    }

    [Fact]
    public async Task A_wrong_value_stops_the_start_with_one_line()
    {
        var (code, output, error) = await RunAsync("Development", ["--Presence:Limits:PongWait=soon"]);

        Assert.NotEqual(0, code);
        Assert.Equal("Presence cannot start: Presence:Limits:PongWait is 'soon'; it must be a time span such as 00:00:30", error.TrimEnd());
        Assert.Equal("", output);
    }

    [Fact]
    public async Task A_port_that_is_taken_stops_the_start_with_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var (code, _, error) = await RunAsync("Development", ["--Presence:Http:Address=127.0.0.1", $"--Presence:Http:Port={port}"]);

        Assert.NotEqual(0, code);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"{port}", line, StringComparison.Ordinal);
        Assert.Contains("in use", line, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string environment, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Presence.Host.dll") },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = environment, ["DOTNET_ENVIRONMENT"] = environment },
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
