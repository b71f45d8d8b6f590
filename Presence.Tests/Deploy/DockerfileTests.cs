using Presence.Tests.Build;
using Xunit;

namespace Presence.Tests.Deploy;

public sealed class DockerfileTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository.Root, "deploy", "Dockerfile"));

    [Fact]
    public void What_it_copies_from_the_repository_is_there()
    {
        var sources = Lines
            .Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from=", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ')[1..^1])
            .ToList();

        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Path.Combine(Repository.Root, source)), source));
    }

    [Fact]
    public void What_it_builds_is_compiled_ahead()
    {
        Assert.Contains("ARG TARGETARCH", Lines);
        foreach (var step in new[] { "RUN dotnet restore ", "RUN dotnet publish " })
            Assert.Contains(" -a ${TARGETARCH:-amd64}", Assert.Single(Lines, line => line.StartsWith(step, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_base_images_are_pinned_by_version_and_digest()
    {
        var images = Lines.Where(line => line.StartsWith("FROM ", StringComparison.Ordinal)).ToList();

        Assert.Equal(2, images.Count);
        Assert.All(images, image => Assert.Matches(@"^FROM mcr\.microsoft\.com/dotnet/\w+:\d+\.\d+\.\d+-[a-z-]+@sha256:[0-9a-f]{64}( AS \w+)?$", image));
    }

    [Fact]
    public void It_does_not_run_as_root() => Assert.Contains("USER $APP_UID", Lines);
}
