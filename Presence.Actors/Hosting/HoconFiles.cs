using System.Text.RegularExpressions;
using Akka.Configuration;
using Akka.Configuration.Hocon;

namespace Presence.Actors.Hosting;

/// <summary>Akka's settings, as they stand in the files beside the server.</summary>
public static partial class HoconFiles
{
    /// <summary>
    /// Reads a file and everything that it includes; names are relative to the file's own folder. A line
    /// <c>key = ${?NAME}</c> takes the environment variable of that name, and counts as absent if there is none: Akka.NET's
    /// own parser knows the notation but not the environment.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ConfigurationException">A file is missing or cannot be parsed; the message names it.</exception>
    public static Config Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            return ConfigurationFactory.ParseString(Read(path), Include);
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            throw new ConfigurationException($"Akka's settings in {path} cannot be read: {e.Message}", e);
        }

        HoconRoot Include(string name) => Parser.Parse(Read(Path.Combine(folder, name)), Include);
    }

    private static string Read(string path) => FromEnvironment().Replace(File.ReadAllText(path), line =>
        Environment.GetEnvironmentVariable(line.Groups["name"].Value) is { Length: > 0 } value
            ? $"{line.Groups["key"].Value} = \"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : "");

    [GeneratedRegex(@"^\s*(?<key>[\w.\-]+)\s*[=:]\s*\$\{\?(?<name>\w+)\}[ \t]*\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex FromEnvironment();
}
