using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Presence.Host.Health;
using Presence.Tests.Build;
using Presence.Tests.Host.Node;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Presence.Tests.Deploy;

/// <summary>That the manifest for Kubernetes says what the server understands, and leaves it the time to stop (contract C5).</summary>
[Trait("Clause", "C5")]
public sealed class KubernetesTests : IDisposable
{
    private const string Mounted = "/etc/presence/nodes/";
    private const string Prefix = "Presence__";

    private static readonly string Manifest = Path.Combine(Repository.Root, "deploy", "kubernetes", "presence.yaml");

    private static readonly IReadOnlyList<YamlNode> Documents = Load();

    private static readonly YamlNode Set = Of("StatefulSet", "presence");

    private static readonly YamlNode Pod = Set["spec"]["template"]["spec"];

    private static readonly YamlNode Container = Assert.Single((YamlSequenceNode)Pod["containers"]);

    private readonly DirectoryInfo _nodes = Directory.CreateTempSubdirectory("presence-");

    /// <summary>Makes what the secret of the nodes holds.</summary>
    public KubernetesTests()
    {
        using var authority = new TestAuthority(_nodes.FullName, "authority");
        var (certificate, key) = authority.Issue("node");
        File.Copy(certificate, Path.Combine(_nodes.FullName, "tls.crt"));
        File.Copy(key, Path.Combine(_nodes.FullName, "tls.key"));
        File.Copy(authority.Path, Path.Combine(_nodes.FullName, "ca.crt"));
    }

    public void Dispose() => _nodes.Delete(recursive: true);

    public static TheoryData<string> Pods => [.. Enumerable.Range(0, Number(Set["spec"]["replicas"])).Select(i => $"presence-{i}")];

    [Theory]
    [MemberData(nameof(Pods))]
    public void Every_variable_is_a_key_of_the_server_with_a_valid_value(string pod)
    {
        var options = Read(pod);
        var cluster = options.Cluster;

        // Each pod has the name by which the others know it.
        Assert.Equal(3, cluster.Seeds.Length);
        Assert.Contains($"{cluster.Hostname}:{cluster.Port}", cluster.Seeds);
        Assert.EndsWith($".{Text(Set["spec"]["serviceName"])}", cluster.Hostname, StringComparison.Ordinal);
        Assert.Equal("0.0.0.0", cluster.BindAddress);
        Assert.Equal(2, cluster.Minimum);
    }

    [Fact]
    [Trait("Clause", "A4")]
    public void Nodes_talk_over_TLS_with_the_files_of_a_secret()
    {
        Assert.True(Read("presence-0").Cluster.IsSecure);
        Assert.False(Read("presence-0").Cluster.AllowPlaintext);
        var mount = Assert.Single((YamlSequenceNode)Container["volumeMounts"], mount => Text(mount["mountPath"]) == Mounted.TrimEnd('/'));
        var volume = Assert.Single((YamlSequenceNode)Pod["volumes"], volume => Text(volume["name"]) == Text(mount["name"]));
        var secret = Text(volume["secret"]["secretName"]);

        // The command that makes it has the files that the server reads, in the manifest and on the page.
        foreach (var file in (string[])[Manifest, Path.Combine(Repository.Root, "docs", "cluster.md")])
            Assert.Matches($@"kubectl create secret generic {secret} --from-file=tls\.crt=\S+ --from-file=tls\.key=\S+ --from-file=ca\.crt=", File.ReadAllText(file));
    }

    [Fact]
    [Trait("Clause", "L4")]
    public void A_pod_is_limited_in_memory_and_disk()
    {
        var limits = ((YamlMappingNode)Container["resources"]["limits"]).Children.Keys.Select(Text);

        Assert.Equal(["ephemeral-storage", "memory"], limits.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Without_keys_the_server_does_not_start() =>
        Assert.Throws<OptionsValidationException>(() => Read("presence-0", key: ""));

    [Fact]
    public void The_ports_are_those_of_the_server()
    {
        var options = Read("presence-0");
        var ports = ((YamlSequenceNode)Container["ports"]).ToDictionary(port => Text(port["name"]), port => Number(port["containerPort"]));

        Assert.Equal((options.Http.Port, options.Tcp.Port, options.Cluster.Port), (ports["http"], ports["tcp"], ports["nodes"]));
        foreach (var port in new[] { Of("Service", "presence"), Of("Service", "presence-nodes") }.SelectMany(service => (YamlSequenceNode)service["spec"]["ports"]))
            Assert.Equal(ports[Text(port["targetPort"])], Number(port["port"]));
    }

    [Fact]
    public void The_probes_ask_what_the_server_answers()
    {
        Assert.Equal((HealthServices.ReadyPath, "http"), Asked("startupProbe"));
        Assert.Equal((HealthServices.ReadyPath, "http"), Asked("readinessProbe"));
        Assert.Equal((HealthServices.LivePath, "http"), Asked("livenessProbe"));

        // A node that may still join is not given up by others.
        var startup = Container["startupProbe"];
        var patience = TimeSpan.FromSeconds(Number(startup["periodSeconds"]) * Number(startup["failureThreshold"]));
        Assert.InRange(patience, Read("presence-0").Cluster.JoinTimeout + TimeSpan.FromSeconds(10), TimeSpan.MaxValue);
    }

    [Fact]
    public void There_is_time_for_the_whole_stop()
    {
        var grace = TimeSpan.FromSeconds(Number(Pod["terminationGracePeriodSeconds"]));
        var sleep = TimeSpan.FromSeconds(Number(Container["lifecycle"]["preStop"]["sleep"]["seconds"]));
        var stop = Read("presence-0").Stop;

        Assert.InRange(grace, sleep + stop.Whole, TimeSpan.MaxValue);
        Assert.InRange(sleep, TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
        Assert.InRange(stop.Drain, TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
    }

    [Fact]
    [Trait("Clause", "K4")]
    public void The_majority_stays_and_nobody_waits_to_be_started()
    {
        Assert.Equal("Parallel", Text(Set["spec"]["podManagementPolicy"]));
        Assert.Equal("true", Text(Of("Service", "presence-nodes")["spec"]["publishNotReadyAddresses"]));
        var away = Number(Of("PodDisruptionBudget", "presence")["spec"]["maxUnavailable"]);
        Assert.InRange(Number(Set["spec"]["replicas"]) - away, Read("presence-0").Cluster.Minimum, int.MaxValue);
    }

    private static (string Path, string Port) Asked(string probe) =>
        (Text(Container[probe]["httpGet"]["path"]), Text(Container[probe]["httpGet"]["port"]));

    /// <summary>The options of a pod, bound and checked as the server does.</summary>
    private PresenceOptions Read(string pod, string key = "a key of our own, long enough for a signature")
    {
        var variables = ((YamlSequenceNode)Container["env"])
            .Where(variable => ((YamlMappingNode)variable).Children.ContainsKey("value"))
            .Select(variable => (Name: Text(variable["name"]), Value: Text(variable["value"])
                .Replace("$(POD_NAME)", pod, StringComparison.Ordinal)
                .Replace(Mounted, $"{_nodes.FullName}/", StringComparison.Ordinal)))
            .Concat(((YamlMappingNode)Of("Secret", "presence-keys")["stringData"]).Select(entry => (Name: Text(entry.Key), Value: key.Length == 0 ? "" : $"{key} {Text(entry.Key)}")))
            .ToList();
        Assert.All(variables, variable => Assert.True(
            variable.Name == "ASPNETCORE_ENVIRONMENT" || variable.Name.StartsWith(Prefix, StringComparison.Ordinal), variable.Name));

        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(variables.Select(variable =>
                KeyValuePair.Create(variable.Name.Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value)))
            .Build();
        using var provider = new ServiceCollection().AddPresenceOptions(configuration, new Production()).BuildServiceProvider();
        return provider.GetRequiredService<IOptions<PresenceOptions>>().Value;
    }

    private static YamlNode Of(string kind, string name) =>
        Assert.Single(Documents, document => Text(document["kind"]) == kind && Text(document["metadata"]["name"]) == name);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static int Number(YamlNode node) => int.Parse(Text(node), CultureInfo.InvariantCulture);

    private static YamlNode[] Load()
    {
        using var file = File.OpenText(Manifest);
        var stream = new YamlStream();
        stream.Load(file);
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

    private sealed class Production : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = Environments.Production;

        public string ApplicationName { get; set; } = "";

        public string ContentRootPath { get; set; } = "";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
