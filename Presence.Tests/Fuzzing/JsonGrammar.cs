using System.Text;

namespace Presence.Tests.Fuzzing;

/// <summary>Random JSON texts, most of them well-formed, with the fields that a reader knows in most of them.</summary>
internal static class JsonGrammar
{
    private static readonly string[] Strings =
    [
        "", "a", "status", "null", "8f96bc43-7008-4d2a-8be1-1e73859b3033", "{8F96BC43-7008-4D2A-8BE1-1E73859B3033}", "json", "protobuf", "\\u0000", "\\u00e9", "\\ud83d\\ude00",
        "\\n\\t\\\\\\/\\\"", "\u00e9", "\U0001f600", "\\u0041", "\u2028", "0123456789012345678901234567890123456789012345678901234567890123456789",
        // Half a character.
        "\\ud83d", "\\ude00x",
    ];

    private static readonly string[] Scalars =
        ["true", "false", "null", "0", "-1", "1.5", "1e400", "-0", "18446744073709551616", "1e-5", "01", "+1", "NaN", ".5", "1.", "nul", "True", "'a'", "\"a", "", "[", "}"];

    private static readonly string[] Spaces = [" ", "\n", "\t", "\r\n", "  ", "/**/", "//\n", "\u00a0", "\ufeff"];

    /// <summary>An object with some of the given fields, and others.</summary>
    /// <param name="random">The source.</param>
    /// <param name="fields">The fields, each with what its value is.</param>
    public static string Object(FuzzRandom random, params ReadOnlySpan<(string Name, Func<FuzzRandom, string> Value)> fields)
    {
        var members = new List<string>();
        foreach (var (name, value) in fields)
        {
            if (random.OneIn(8))
                continue;
            members.Add($"{Name(random, name)}{Space(random)}:{Space(random)}{(random.OneIn(16) ? Any(random, 3) : value(random))}");
            if (random.OneIn(24))
                members.Add(members[^1]);
        }

        while (random.OneIn(3))
            members.Insert(random.Below(members.Count + 1), $"{String(random)}:{Any(random, 4)}");
        if (random.OneIn(4))
            members.Reverse();
        return $"{Space(random)}{{{Space(random)}{string.Join(random.OneIn(60) ? ",," : ",", members)}{(random.OneIn(60) ? "," : "")}{Space(random)}}}{Space(random)}";
    }

    /// <summary>A string, in quotes.</summary>
    public static string String(FuzzRandom random) => $"\"{random.Any(random.OneIn(12) ? Strings : Strings[..^2])}{(random.OneIn(5) ? random.Any(Strings[..^2]) : "")}\"";

    /// <summary>A list of strings.</summary>
    public static string List(FuzzRandom random) =>
        $"[{string.Join(",", Enumerable.Range(0, random.Small(random.OneIn(12) ? 200 : 6)).Select(_ => random.OneIn(40) ? Any(random, 2) : String(random)))}]";

    /// <summary>Any value.</summary>
    public static string Any(FuzzRandom random, int depth)
    {
        if (random.OneIn(40))
        {
            var nesting = random.Any([5, 29, 30, 31, 32, 33, 64, 1000]);
            return random.OneIn(2)
                ? new string('[', nesting) + new string(']', nesting)
                : string.Concat(Enumerable.Repeat("{\"a\":", nesting)) + "1" + new string('}', nesting);
        }

        switch (random.Below(depth > 0 ? 5 : 3))
        {
            case 0:
                return String(random);
            case 1:
                return random.OneIn(30) ? random.Any(Scalars) : random.Any(Scalars.AsSpan(0, 10));
            case 2:
                return random.Any(["{}", "[]", "true", "1"]);
            case 3:
                return $"[{string.Join(",", Enumerable.Range(0, random.Small(4)).Select(_ => Any(random, depth - 1)))}]";
            default:
                return $"{{{string.Join(",", Enumerable.Range(0, random.Small(4)).Select(_ => $"{String(random)}:{Any(random, depth - 1)}"))}}}";
        }
    }

    /// <summary>The bytes of a text, in which a character is now and then cut short.</summary>
    public static byte[] Bytes(FuzzRandom random, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return random.OneIn(100) ? Encoding.Latin1.GetBytes(text) : bytes;
    }

    private static string Name(FuzzRandom random, string name)
    {
        if (random.OneIn(30))
            name = string.Concat(name.Select(c => $"\\u{(int)c:x4}"));
        else if (random.OneIn(30))
            name = name.ToUpperInvariant();
        return $"\"{name}\"";
    }

    private static string Space(FuzzRandom random) => random.OneIn(8) ? random.Any(random.OneIn(12) ? Spaces : Spaces[..5]) : "";
}
