using System.Globalization;
using System.Text;

namespace Presence.Tests.Fuzzing;

/// <summary>
/// The inputs that are kept in the repository: a text file per target, an input per line. Printable ASCII stands for itself,
/// everything else is escaped as <c>\n</c>, <c>\r</c>, <c>\t</c>, <c>\\</c> or <c>\xNN</c>; <c>\*COUNT(…)</c> repeats what is in the
/// parentheses. A line that begins with <c>#</c> is a comment.
/// </summary>
internal static class FuzzCorpus
{
    /// <summary>Reads the inputs of a target; none if it has no file.</summary>
    public static byte[][] Load(string target)
    {
        using var file = typeof(FuzzCorpus).Assembly.GetManifestResourceStream($"Presence.Tests.Fuzzing.Corpus.{target}.txt");
        if (file is null)
            return [];
        using var lines = new StreamReader(file);
        var inputs = new List<byte[]>();
        while (lines.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
                inputs.Add(Parse(line));
        }

        return [.. inputs];
    }

    /// <summary>Reads one input as a line has it.</summary>
    /// <exception cref="FormatException">The line is not written as it must be.</exception>
    public static byte[] Parse(string line)
    {
        var at = 0;
        var bytes = Parse(line, ref at, isInner: false);
        return [.. bytes];
    }

    /// <summary>Writes an input as a line.</summary>
    public static string Format(ReadOnlySpan<byte> input)
    {
        var line = new StringBuilder();
        for (var i = 0; i < input.Length; i++)
        {
            var b = input[i];
            line = b switch
            {
                (byte)'\n' => line.Append("\\n"),
                (byte)'\r' => line.Append("\\r"),
                (byte)'\t' => line.Append("\\t"),
                (byte)'\\' => line.Append("\\\\"),
                // A parenthesis may end a repetition, a number sign begin a comment, and spaces at an end get lost.
                (byte)')' => line.Append("\\x29"),
                (byte)'#' when i == 0 => line.Append("\\x23"),
                (byte)' ' when i == input.Length - 1 => line.Append("\\x20"),
                >= (byte)' ' and <= (byte)'~' => line.Append((char)b),
                _ => line.Append(CultureInfo.InvariantCulture, $"\\x{b:x2}"),
            };
        }

        return line.ToString();
    }

    private static List<byte> Parse(string line, ref int at, bool isInner)
    {
        var bytes = new List<byte>();
        while (at < line.Length)
        {
            var c = line[at++];
            if (c == ')' && isInner)
                return bytes;
            if (c > '~')
                throw new FormatException($"'{c}' is not ASCII.");
            if (c != '\\')
            {
                bytes.Add((byte)c);
                continue;
            }

            switch (at < line.Length ? line[at++] : '\0')
            {
                case 'n':
                    bytes.Add((byte)'\n');
                    break;
                case 'r':
                    bytes.Add((byte)'\r');
                    break;
                case 't':
                    bytes.Add((byte)'\t');
                    break;
                case '\\':
                    bytes.Add((byte)'\\');
                    break;
                case 'x':
                    bytes.Add(byte.Parse(line.AsSpan(at, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                    at += 2;
                    break;
                case '*':
                    var open = line.IndexOf('(', at);
                    var times = int.Parse(line.AsSpan(at, open - at), NumberStyles.None, CultureInfo.InvariantCulture);
                    at = open + 1;
                    var piece = Parse(line, ref at, isInner: true);
                    for (var i = 0; i < times; i++)
                        bytes.AddRange(piece);
                    break;
                default:
                    throw new FormatException($"An escape at {at} is unknown.");
            }
        }

        return isInner ? throw new FormatException("A repetition does not end.") : bytes;
    }
}
