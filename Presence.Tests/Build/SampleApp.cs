namespace Presence.Tests.Build;

/// <summary>An app as a reader of a README would make it, with <c>dotnet new console</c> and one reference.</summary>
internal static class SampleApp
{
    /// <summary>Builds it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="code">Its <c>Program.cs</c>.</param>
    /// <param name="reference">What it refers to, as its project file says it.</param>
    /// <returns>What <c>dotnet</c> runs.</returns>
    public static async Task<string> BuildAsync(string folder, string code, string reference)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), code);
        await File.WriteAllTextAsync(Path.Combine(folder, "sample.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                {reference}
              </ItemGroup>
            </Project>
            """);
        await Dotnet.RunAsync(folder, "build", "--output", "built");
        return Path.Combine(folder, "built", "sample.dll");
    }

    /// <summary>A reference to the client library that these tests run.</summary>
    public static string Library => $"""<Reference Include="{typeof(Presence.Client.PresenceClient).Assembly.Location}" />""";
}
