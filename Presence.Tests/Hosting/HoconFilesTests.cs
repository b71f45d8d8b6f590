using Akka.Configuration;
using Akka.Configuration.Hocon;
using Presence.Actors.Hosting;
using Xunit;

namespace Presence.Tests.Hosting;

public sealed class HoconFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hocon").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_line_takes_the_environment_variable_that_it_names_and_counts_as_absent_without_one()
    {
        var name = $"PRESENCE_TEST_{Guid.NewGuid():N}";
        Write("inner.hocon", $"a {{\n  b = default\n  b = ${{?{name}}}\n}}\nc = ${{?{name}_TOO}} # not a line of its own\n".Replace(" # not a line of its own", "", StringComparison.Ordinal));
        var outer = Write("outer.hocon", "include \"inner.hocon\"\nd = 1\n");

        var without = HoconFiles.Load(outer);
        Assert.Equal("default", without.GetString("a.b"));
        Assert.False(without.HasPath("c"));
        Assert.Equal(1, without.GetInt("d"));

        Environment.SetEnvironmentVariable(name, "C:\\a \"quoted\" path");
        try
        {
            Assert.Equal("C:\\a \"quoted\" path", HoconFiles.Load(outer).GetString("a.b"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(name, null);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named()
    {
        var missing = Path.Combine(_folder, "missing.hocon");
        Assert.Contains(missing, Assert.Throws<ConfigurationException>(() => HoconFiles.Load(missing)).Message, StringComparison.Ordinal);
        var broken = Write("broken.hocon", "a = ${b\n{");
        Assert.Contains(broken, Assert.Throws<ConfigurationException>(() => HoconFiles.Load(broken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_servers_own_files_can_be_read_and_say_what_the_server_depends_on()
    {
        var settings = HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "presence.hocon"));
        Assert.Equal("ddata", settings.GetString("akka.cluster.sharding.state-store-mode"));
        Assert.False(settings.GetBoolean("akka.cluster.sharding.remember-entities"));
        Assert.True(
            settings.GetTimeSpan("akka.cluster.sharding.passivate-idle-entity-after") > Presence.Actors.Relays.RelaySettings.Default.Lease * 2,
            "Homes would be stopped while relays still have business with them.");
    }

    [Fact]
    public void Every_setting_of_the_servers_files_is_one_that_akka_knows()
    {
        var known = Reference();
        var ours = Leaves("", HoconFiles.Load(Path.Combine(AppContext.BaseDirectory, "hocon", "presence.hocon")).Root).ToList();

        Assert.NotEmpty(ours);
        // What is below "presence" is named by our own code, and refused by Akka if nothing is there.
        Assert.All(
            ours.Where(path => !path.StartsWith("presence.", StringComparison.Ordinal)), path => Assert.True(known.HasPath(path), path));
        Assert.False(known.HasPath("akka.cluster.sharding.hand-off-timeout"), "A setting that does not exist is found.");
    }

    /// <summary>What Akka's packages say of themselves: each has all its settings, with their defaults, in a resource.</summary>
    private static Config Reference() => new[]
        {
            typeof(Akka.Actor.ActorSystem), typeof(Akka.Remote.RemoteSettings), typeof(Akka.Cluster.Cluster),
            typeof(Akka.Cluster.Tools.Singleton.ClusterSingleton), typeof(Akka.DistributedData.DistributedData),
            typeof(Akka.Cluster.Sharding.ClusterSharding),
        }
        .Select(type => type.Assembly)
        .SelectMany(assembly => assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".conf", StringComparison.Ordinal))
            .Select(name => ConfigurationFactory.FromResource(name, assembly)))
        .Aggregate((all, each) => all.WithFallback(each));

    private static IEnumerable<string> Leaves(string path, HoconValue value) => value.IsObject()
        ? value.GetObject().Items.SelectMany(each => Leaves(path.Length == 0 ? each.Key : $"{path}.{each.Key}", each.Value))
        : [path];

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
