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
        var why = state.Error is { } error && error != last?.Error ? $"No connection: {Sentence(error.Message)}" : null;
        var next = state.RetryIn is { } wait ? string.Create(CultureInfo.InvariantCulture, $"Trying again in {wait.TotalSeconds:0.0} s.") : null;
        return (why, next) switch
        {
            (null, _) => next,
            (_, null) => why,
            _ => $"{why} {next}",
        };
    }

    private static string Sentence(string message) => message.EndsWith('.') ? message : $"{message}.";
}
