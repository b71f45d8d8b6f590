namespace Presence.Client.Reconnecting;

/// <summary>
/// Decides after each failure whether there is another attempt, and when. A pure rule but for its clock.
/// </summary>
/// <param name="policy">The waits.</param>
/// <param name="isPatient">Whether there is a second attempt when the first connection cannot be made.</param>
/// <param name="clock">The time.</param>
/// <param name="random">A number from 0 (inclusive) to 1 for each wait.</param>
internal sealed class Retries(ReconnectPolicy policy, bool isPatient, TimeProvider clock, Func<double> random)
{
    // A server that means it asks again. One that asks for a day by mistake does not keep its clients away for a day.
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    private readonly Backoff _backoff = new(policy, random);
    private long _lastConnected = clock.GetTimestamp();
    private bool _wasConnected;
    private int _refusals;

    /// <summary>An attempt has failed, or a connection was lost.</summary>
    /// <param name="error">Why.</param>
    /// <param name="lasted">For how long there was a connection; null: there was none.</param>
    /// <returns>The state to be in: closed, or waiting for the next attempt.</returns>
    public ConnectionState Next(PresenceConnectionException error, TimeSpan? lasted)
    {
        if (lasted is { } time)
        {
            _backoff.Lasted(time);
            _wasConnected = true;
            _lastConnected = clock.GetTimestamp();
        }

        return Wait(error, lasted) is { } wait
            ? new ConnectionState(_wasConnected ? ConnectionPhase.Reconnecting : ConnectionPhase.Connecting, error, wait)
            : new ConnectionState(ConnectionPhase.Closed, error);
    }

    private TimeSpan? Wait(PresenceConnectionException error, TimeSpan? lasted)
    {
        _refusals = error.Reason == DisconnectReason.TokenRefused ? _refusals + 1 : 0;
        if (_refusals > 1 || error.Reason is DisconnectReason.Replaced or DisconnectReason.Banned)
            return null;
        // It may have been kept for too long: another one is asked for at once.
        if (_refusals == 1)
            return TimeSpan.Zero;
        if (!_wasConnected && !isPatient)
            return null;
        var wait = _backoff.Next(clock.GetElapsedTime(_lastConnected));
        if (wait < error.RetryAfter)
            return error.RetryAfter < LongestRetryAfter ? error.RetryAfter : LongestRetryAfter;
        // It has lived its time; nothing is wrong, and with another token it goes on.
        return wait is not null && error.Reason == DisconnectReason.TokenExpired && lasted >= policy.FirstDelay ? TimeSpan.Zero : wait;
    }
}
