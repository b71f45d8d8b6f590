using System.Text.RegularExpressions;
using Presence.Tests.Build;

namespace Presence.Tests.Clusters.Kit;

/// <summary>
/// The server as its next release may be (contract K6): every message between nodes, and every part of one, has a field more, which
/// it writes whatever it says. Built from a copy of the sources.
/// </summary>
internal sealed partial class NextRelease : IDisposable
{
    private const string Serializer = "Presence.Actors/Serialization/PresenceSerializer.cs";
    private const string Schema = "Presence.Actors/Serialization/presence.proto";

    private static readonly string[] Copied =
        ["global.json", ".editorconfig", "Directory.Build.props", "Directory.Packages.props", "hocon", "Presence.Actors", "Presence.Host"];

    private readonly DirectoryInfo _sources = Directory.CreateTempSubdirectory("presence-next-");

    /// <summary>Where the built server is.</summary>
    public string Folder => Path.Combine(_sources.FullName, "built");

    public static async Task<NextRelease> BuildAsync()
    {
        var release = new NextRelease();
        foreach (var name in Copied)
            Copy(Path.Combine(Repository.Root, name), Path.Combine(release._sources.FullName, name));
        release.Edit(Schema, text => MessageHead().Replace(text, "$0\n  string said_by_the_next_release = 999;"));
        release.Edit(Serializer, text => text.Replace("}).ToByteArray();", "}).WithWhatIsNew().ToByteArray();", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(release._sources.FullName, "Presence.Actors/Serialization/WhatIsNew.cs"), """
            using System.Collections;
            using Google.Protobuf;

            namespace Presence.Actors.Serialization;

            internal static class WhatIsNew
            {
                public static IMessage WithWhatIsNew(this IMessage message)
                {
                    foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
                    {
                        if (field.FieldNumber == 999)
                            field.Accessor.SetValue(message, "what the release before does not know");
                        else if (field.Accessor.GetValue(message) is IMessage part)
                            part.WithWhatIsNew();
                        else if (field.Accessor.GetValue(message) is IList parts)
                        {
                            foreach (var each in parts)
                                (each as IMessage)?.WithWhatIsNew();
                        }
                    }

                    return message;
                }
            }
            """);
        await Dotnet.RunAsync(release._sources.FullName, "build", "Presence.Host", "--output", release.Folder);
        return release;
    }

    public void Dispose() => _sources.Delete(recursive: true);

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to);
            return;
        }

        Directory.CreateDirectory(to);
        foreach (var inside in Directory.EnumerateFileSystemEntries(from))
        {
            var name = Path.GetFileName(inside);
            if (name is not ("bin" or "obj"))
                Copy(inside, Path.Combine(to, name));
        }
    }

    private void Edit(string file, Func<string, string> edit)
    {
        var path = Path.Combine(_sources.FullName, file);
        var before = File.ReadAllText(path);
        var after = edit(before);
        if (after == before)
            throw new InvalidOperationException($"{file} has not the form in which it can be made the next release's.");
        File.WriteAllText(path, after);
    }

    [GeneratedRegex(@"^message \w+ \{$", RegexOptions.Multiline)]
    private static partial Regex MessageHead();
}
