using System.Globalization;
using Presence.Client;

namespace Presence.Cli.Connecting;

/// <summary>Puts the states of a connection into sentences, of which each tells something new.</summary>
internal sealed class Narrator
{
    private ConnectionState? _last;

    /// <summary>What there is to be told about this state; null: nothing that was not told.</summary>
    public string? Tell(ConnectionState state)
    {
        var last = Interlocked.Exchange(ref _last, state);
        if (state.IsConnected)
            return last is null or { IsConnected: true } ? null : "Connected again.";
        if (state.Phase != ConnectionPhase.Reconnecting)
            return null;
        return (state.Error == last?.Error ? null : Why(state), Next(state)) switch
        {
            (null, var next) => next,
            (var why, null) => why,
            var (why, next) => $"{why} {next}",
        };
    }

    /// <summary>All that there is to be told about a state without a connection, whatever was told before.</summary>
    public static string Describe(ConnectionState state) => $"{Why(state) ?? "No connection."} {Next(state) ?? "Trying again."}";

    private static string? Why(ConnectionState state) => state.Error is { } error ? $"No connection: {Sentence(error.Message)}" : null;

    private static string? Next(ConnectionState state) =>
        state.RetryIn is { } wait ? string.Create(CultureInfo.InvariantCulture, $"Trying again in {wait.TotalSeconds:0.0} s.") : null;

    private static string Sentence(string message) => message.EndsWith('.') ? message : $"{message}.";
}
