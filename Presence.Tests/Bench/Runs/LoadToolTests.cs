using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Presence.Tests.Clusters.Kit;
using Presence.Tests.Host.Links.Loops;
using Xunit;
using NodeProcess = Presence.Tests.Host.Node.NodeProcess;

namespace Presence.Tests.Bench.Runs;

/// <summary>The tool as somebody runs it: the process, its exit code and its JSON.</summary>
public sealed class LoadToolTests
{
    private static readonly string[] Small = ["--connections", "60", "--follows", "10", "--seconds", "1", "--warm-up", "0.2", "--rest", "0.2"];

    [LinuxFact]
    [Trait("Clause", "E3")]
    public async Task Against_the_server_everything_arrives_and_the_server_is_measured()
    {
        await using var server = NodeProcess.Start();
        var http = await server.Http;

        var (code, output, error) = await RunAsync(
            ["load", "--scenario", "spread", "--url", $"ws://{http.Authority}", "--pid", $"{server.Id}", "--json", "-", .. Small]);

        Assert.True(code == 0, error);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal("clean", report.GetProperty("outcome").GetString());
        Assert.Equal(60, report.GetProperty("connect").GetProperty("connected").GetInt32());
        Assert.Equal(600, report.GetProperty("follow").GetProperty("presences").GetInt32());
        var deliveries = report.GetProperty("run").GetProperty("deliveries");
        Assert.Equal(11 * report.GetProperty("run").GetProperty("updates").GetInt64(), deliveries.GetProperty("expected").GetInt64());
        Assert.Equal(deliveries.GetProperty("expected").GetInt64(), deliveries.GetProperty("received").GetInt64() + deliveries.GetProperty("merged").GetInt64());
        Assert.NotEqual(0, deliveries.GetProperty("received").GetInt64());
        Assert.NotEqual(0, report.GetProperty("run").GetProperty("cpu_us_per_delivery").GetDouble());
        Assert.NotEqual(0, report.GetProperty("memory_mib").GetProperty("connected").GetDouble());
        // For people, beside the JSON.
        Assert.Contains("connecting", error, StringComparison.Ordinal);
        Assert.Contains("nobody was cut off", error, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task A_server_that_cuts_clients_off_fails_the_run()
    {
        await using var server = new FakeServer(Flaw.CutsOff);

        var (code, output, error) = await RunAsync(["load", "--scenario", "spread", "--url", Url(server.Port), .. Small]);

        Assert.True(code == 1, error);
        Assert.Contains("4001 bye", output, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task Where_no_server_is_it_says_so()
    {
        var (code, _, error) = await RunAsync(["load", "--scenario", "paced", "--url", Url(FreePorts.Next()), "--connections", "100"]);

        Assert.Equal(3, code);
        Assert.Contains("Connection refused", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        Assert.Equal(2, (await RunAsync([])).Code);
        Assert.Equal(2, (await RunAsync(["load", "--scenario", "nosuch"])).Code);
        Assert.Equal(2, (await RunAsync(["compare", "--server", "one=./server {port}"])).Code);
        Assert.Equal(2, (await RunAsync(["load", "--scenario", "spread", "--json", "nosuch-folder/report.json"])).Code);
        Assert.Equal(2, (await RunAsync(["load", "--scenario", "storm", "--rate", "5"])).Code);
        Assert.Equal(2, (await RunAsync(["load", "--scenario", "hubs", "--follows", "5"])).Code);
        Assert.Equal(2, (await RunAsync(["compare", "--scenario", "spread", "--storms", "5", "--server", "one=./one {port}", "--server", "two=./two {port}"])).Code);
        Assert.Equal(2, (await RunAsync(["micro", "--filter", "*NoSuchBenchmark*"])).Code);
        Assert.Equal(2, (await RunAsync(["abuse", "--scenario", "nosuch"])).Code);
        Assert.Equal(2, (await RunAsync(["abuse", "--scenario", "calm", "--tls"])).Code);
        Assert.Equal(2, (await RunAsync(["soak", "--clients", "1"])).Code);
        var (code, _, error) = await RunAsync(["load", "--scenario", "spread", "--follows", "5000"]);
        Assert.Equal(2, code);
        Assert.True(error.Contains("--follows", StringComparison.Ordinal) || !OperatingSystem.IsLinux(), error);
    }

    [LinuxFact]
    public async Task Servers_are_started_and_measured_by_turns()
    {
        var server = $"Logging__LogLevel__Default=Warning dotnet {Path.Combine(AppContext.BaseDirectory, "Presence.Host.dll")}"
            + " --environment=Development --Presence:Http:Address=127.0.0.1 --Presence:Http:Port={port} --Presence:Tcp:Port=-1";

        var (code, output, error) = await RunAsync(
            ["compare", "--server", $"one={server}", "--server", $"two={server}", "--rounds", "1", "--scenario", "spread", "--json", "-", .. Small]);

        Assert.True(code == 0, error);
        var comparison = JsonDocument.Parse(output).RootElement;
        Assert.Equal(["one", "two"], comparison.GetProperty("runs").EnumerateArray().Select(r => r.GetProperty("server").GetString()));
        var scenario = comparison.GetProperty("scenarios")[0];
        Assert.All(scenario.GetProperty("faulty_runs").EnumerateArray(), n => Assert.Equal(0, n.GetInt32()));
        Assert.Equal(2, scenario.GetProperty("figures")[0].GetProperty("ratios").GetArrayLength());
    }

    [LinuxFact]
    public async Task A_server_that_does_not_start_is_told_with_its_last_words()
    {
        var (code, _, error) = await RunAsync(["compare", "--server", "one=dotnet nosuch-{port}.dll", "--server", "two=dotnet nosuch-{port}.dll"]);

        Assert.Equal(3, code);
        Assert.Contains("'one' has ended", error, StringComparison.Ordinal);
        Assert.Contains("nosuch", error, StringComparison.Ordinal);
    }

    [LinuxFact]
    public async Task What_was_measured_before_a_server_failed_is_kept()
    {
        var server = $"dotnet {Path.Combine(AppContext.BaseDirectory, "Presence.Host.dll")}"
            + " --environment=Development --Presence:Http:Address=127.0.0.1 --Presence:Http:Port={port} --Presence:Tcp:Port=-1";

        var (code, output, error) = await RunAsync(
            ["compare", "--server", $"one={server}", "--server", "two=dotnet nosuch-{port}.dll", "--rounds", "1", "--scenario", "spread", "--json", "-", .. Small]);

        Assert.Equal(3, code);
        Assert.Contains("'two' has ended", error, StringComparison.Ordinal);
        Assert.Equal("one", Assert.Single(JsonDocument.Parse(output).RootElement.GetProperty("runs").EnumerateArray()).GetProperty("server").GetString());
    }

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"ws://127.0.0.1:{port}");

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments)
    {
        using var tool = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Presence.Bench.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (tool.StandardOutput.ReadToEndAsync(), tool.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await tool.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!tool.HasExited)
                tool.Kill(entireProcessTree: true);
        }

        return (tool.ExitCode, await output, await error);
    }
}
