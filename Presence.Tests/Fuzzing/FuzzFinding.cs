namespace Presence.Tests.Fuzzing;

/// <summary>An input on which a target fails.</summary>
/// <param name="Target">The target.</param>
/// <param name="Origin">Where the input comes from, e.g. its seed and index.</param>
/// <param name="Input">The input.</param>
/// <param name="Fault">What went wrong; null: the target has not come back.</param>
internal sealed record FuzzFinding(string Target, string Origin, byte[] Input, Exception? Fault)
{
    /// <summary>Tells findings of the same kind apart from others: the fault without what differs from input to input.</summary>
    public string Kind => Fault switch
    {
        null => $"{Target}: hang",
        FuzzFailure => $"{Target}: {new string([.. Fault.Message.Split(':', '\n')[0].Where(c => !char.IsAsciiDigit(c))])}",
        _ => $"{Target}: {Fault.GetType().Name} at {Fault.StackTrace?.Split('\n')[0].Trim()}",
    };

    /// <summary>Writes the input into a folder, as a line that a corpus takes, with what went wrong as comments.</summary>
    /// <returns>The file.</returns>
    public string WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Target}-{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Input))[..12]}.txt");
        File.WriteAllLines(path, [$"# {Origin}", .. ToString().Split('\n').Select(line => $"# {line}"), FuzzCorpus.Format(Input)]);
        return path;
    }

    public override string ToString() => $"{Target} ({Origin}): {Fault?.ToString() ?? "does not come back"}";
}
