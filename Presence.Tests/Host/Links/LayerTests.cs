using System.Text.RegularExpressions;
using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Host.Links;

/// <summary>That what knows sockets knows no actors, and the other way round.</summary>
public sealed class LayerTests
{
    [Theory]
    [InlineData("Presence.Host/Links/Loops", "Akka", "Presence.Actors.Connections", "Presence.Actors.Model", "Presence.Host.Links.Codecs")]
    [InlineData("Presence.Host/Links/Listening", "Akka", "Presence.Actors", "Presence.Host.Links.Codecs", "Presence.Host.Links.Framing")]
    [InlineData("Presence.Host/Links/Framing", "Akka", "System.Net", "Presence.Host.Links.Loops", "Presence.Host.Links.Codecs")]
    [InlineData("Presence.Host/Links/Codecs", "Akka", "System.Net", "Presence.Host.Links.Loops", "Presence.Host.Links.Framing")]
    [InlineData("Presence.Actors", "System.Net.Sockets", "Microsoft.AspNetCore", "Presence.Host")]
    public void A_layer_does_not_know(string folder, params string[] strangers)
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"))
            .ToList();
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var code = File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)).ToList();
            var known = code
                .Where(line => line.StartsWith("using ", StringComparison.Ordinal))
                .Select(line => line.TrimEnd(';').Split(' ')[^1]);
            Assert.DoesNotContain(known, name => strangers.Any(s => name == s || name.StartsWith(s + ".", StringComparison.Ordinal)));
            // Nor by their full names.
            Assert.DoesNotContain(code, line => strangers.Any(s => Regex.IsMatch(line, $@"(?<![\w.]){Regex.Escape(s)}\.")));
        }
    }
}
