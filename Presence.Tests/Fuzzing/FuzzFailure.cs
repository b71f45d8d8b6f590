namespace Presence.Tests.Fuzzing;

/// <summary>A target broke one of its rules on an input.</summary>
internal sealed class FuzzFailure(string message) : Exception(message)
{
    /// <summary>Fails unless the rule holds.</summary>
    public static void Unless(bool holds, string rule)
    {
        if (!holds)
            throw new FuzzFailure(rule);
    }

    /// <summary>Fails unless both are equal.</summary>
    public static void UnlessEqual<T>(T expected, T actual, string what)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new FuzzFailure($"{what}:\n  expected {expected}\n  actual   {actual}");
    }

    /// <summary>Fails unless both hold the same items in the same order.</summary>
    public static void UnlessSame<T>(IReadOnlyList<T> expected, IReadOnlyList<T> actual, string what)
    {
        if (!expected.SequenceEqual(actual))
            throw new FuzzFailure($"{what}:\n  expected {string.Join(" | ", expected)}\n  actual   {string.Join(" | ", actual)}");
    }
}
