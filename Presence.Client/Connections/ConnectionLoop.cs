using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using Presence.Client.Links;
using Presence.Client.Reconnecting;
using Presence.Client.Wire;

namespace Presence.Client.Connections;

/// <summary>Makes one link after the other for a conversation, until it is stopped or there is no point in another.</summary>
/// <param name="options">Where and how.</param>
/// <param name="conversation">What the links carry.</param>
internal sealed class ConnectionLoop(PresenceClientOptions options, Conversation conversation)
{
    /// <summary>How long a server may take to close a link after a goodbye.</summary>
    private static readonly TimeSpan GoodbyeTime = TimeSpan.FromSeconds(2);

    /// <summary>After a failed write: how long the reason may take to be read.</summary>
    private static readonly TimeSpan ReasonTime = TimeSpan.FromSeconds(1);

    private readonly WireFormat _format = WireFormat.Of(options.Format);
    private long _lastReceived;

    /// <param name="isPatient">Whether to go on when the first attempt fails.</param>
    /// <param name="stop">Ends the loop, and the link with a goodbye.</param>
    public async Task RunAsync(bool isPatient, CancellationToken stop)
    {
        try
        {
            conversation.Close(await ConnectAgainAndAgainAsync(isPatient, stop).ConfigureAwait(false), isDisposed: false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            conversation.Close(new PresenceConnectionException(DisconnectReason.ClosedByCaller, "The client was closed."), isDisposed: true);
        }
        catch (Exception e)
        {
            // Nothing is expected here; whatever it is, the caller must see it.
            conversation.Close(new PresenceConnectionException(DisconnectReason.Lost, $"The client failed: {e.Message}", e), isDisposed: false);
        }
    }

    /// <returns>Why it has given up.</returns>
    private async Task<PresenceConnectionException> ConnectAgainAndAgainAsync(bool isPatient, CancellationToken stop)
    {
        var clock = options.TimeProvider;
        var backoff = new Backoff(options.Reconnect, Chance);
        var lastConnected = clock.GetTimestamp();
        var refusals = 0;
        while (true)
        {
            var (error, lasted) = await ConnectOnceAsync(stop).ConfigureAwait(false);
            if (lasted is { } time)
            {
                backoff.Lasted(time);
                lastConnected = clock.GetTimestamp();
            }

            refusals = error.Reason == DisconnectReason.TokenRefused ? refusals + 1 : 0;
            var isFirst = !conversation.FirstConnected.IsCompleted;
            // A token may have been refused because it was kept for too long: the next one is asked for at once.
            var isSecondTry = refusals == 1;
            if (error.Reason is DisconnectReason.Replaced or DisconnectReason.Banned || refusals > 1 || (isFirst && !isPatient && !isSecondTry))
                return error;
            var delay = isSecondTry ? TimeSpan.Zero : backoff.Next(clock.GetElapsedTime(lastConnected));
            if (delay is not { } wait || (options.Reconnect == ReconnectPolicy.None && !isFirst))
                return error;
            conversation.SetState(new ConnectionState(isFirst ? ConnectionPhase.Connecting : ConnectionPhase.Reconnecting, error, wait));
            await clock.Delay(wait, stop).ConfigureAwait(false);
            conversation.SetState(new ConnectionState(isFirst ? ConnectionPhase.Connecting : ConnectionPhase.Reconnecting, error));
        }
    }

    /// <returns>Why there is no link any more, and for how long there was one that carried everything.</returns>
    private async Task<(PresenceConnectionException Error, TimeSpan? Lasted)> ConnectOnceAsync(CancellationToken stop)
    {
        var beginsOnline = conversation.BeginsOnline;
        Link link;
        string token;
        try
        {
            token = await TokenAsync(stop).ConfigureAwait(false);
            link = await OpenAsync(token, beginsOnline, stop).ConfigureAwait(false);
        }
        catch (PresenceConnectionException e)
        {
            return (e, null);
        }

        var started = options.TimeProvider.GetTimestamp();
        var end = LinkEnd.Plain;
        var wasConnected = false;
        try
        {
            var identity = link.Greeting is { } g ? new Identity(g.UserId, g.Username, g.SessionId) : Identity.Of(token);
            end = await ServeAsync(link, identity, beginsOnline, stop).ConfigureAwait(false);
        }
        finally
        {
            wasConnected = conversation.State.IsConnected;
            await link.DisposeAsync().ConfigureAwait(false);
            var error = conversation.LinkDown(end);
            if (!stop.IsCancellationRequested)
                conversation.SetState(new ConnectionState(wasConnected || conversation.FirstConnected.IsCompleted ? ConnectionPhase.Reconnecting : ConnectionPhase.Connecting, error));
            end = end with { Fault = error };
        }

        stop.ThrowIfCancellationRequested();
        return ((PresenceConnectionException)end.Fault!, wasConnected ? options.TimeProvider.GetElapsedTime(started) : null);
    }

    private async Task<string> TokenAsync(CancellationToken stop)
    {
        try
        {
            return await options.TokenProvider(stop).AsTask().WaitAsync(stop).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The token provider returned null.");
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            throw new PresenceConnectionException(DisconnectReason.TokenUnavailable, $"There is no token: {e.Message}", e);
        }
    }

    private async Task<Link> OpenAsync(string token, bool beginsOnline, CancellationToken stop)
    {
        using var timeout = options.TimeProvider.CreateCancellationTokenSource(options.ConnectTimeout);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, timeout.Token);
        try
        {
            return await Link.ConnectAsync(options, token, beginsOnline, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException("The client was closed.", e, stop);
        }
        catch (Exception e) when (timeout.IsCancellationRequested)
        {
            throw new PresenceConnectionException(DisconnectReason.Unavailable, $"{options.Server} did not answer within {options.ConnectTimeout.TotalSeconds} s.", e);
        }
        catch (LinkRefusedException e)
        {
            throw new PresenceConnectionException(e.IsToken ? DisconnectReason.TokenRefused : DisconnectReason.Unavailable, e.Message, e.InnerException);
        }
        catch (FormatException e)
        {
            throw new PresenceConnectionException(DisconnectReason.ProtocolViolation, e.Message, e);
        }
        catch (Exception e) when (e is SocketException or IOException or WebSocketException or AuthenticationException)
        {
            throw new PresenceConnectionException(DisconnectReason.Unavailable, $"{options.Server} cannot be reached: {e.Message}", e);
        }
    }

    private async Task<LinkEnd> ServeAsync(Link link, Identity identity, bool beganOnline, CancellationToken stop)
    {
        Volatile.Write(ref _lastReceived, options.TimeProvider.GetTimestamp());
        var dropped = conversation.LinkUp(identity, beganOnline);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reading = ReadAsync(link);
        var writing = WriteAsync(link, ending.Token);
        var watching = WatchAsync(ending.Token);
        var first = await Task.WhenAny(reading, writing, watching, dropped).ConfigureAwait(false);
        LinkEnd end;
        if (stop.IsCancellationRequested)
        {
            await AllAsync(writing, watching).ConfigureAwait(false);
            await SayGoodbyeAsync(link, reading).ConfigureAwait(false);
            end = LinkEnd.Plain;
        }
        else if (first == dropped)
        {
            end = new LinkEnd(null, null, await dropped.ConfigureAwait(false));
        }
        else
        {
            if (first == writing)
                await Task.WhenAny(reading, options.TimeProvider.Delay(ReasonTime, stop)).ConfigureAwait(false);
            end = reading.IsCompleted ? await reading.ConfigureAwait(false)
                : first == watching ? await watching.ConfigureAwait(false)
                : new LinkEnd(null, null, await writing.ConfigureAwait(false));
        }

        await CancelAsync(ending).ConfigureAwait(false);
        await link.DisposeAsync().ConfigureAwait(false);
        await AllAsync(reading, writing, watching).ConfigureAwait(false);
        return end;
    }

    private async Task<LinkEnd> ReadAsync(Link link)
    {
        try
        {
            while (await link.ReceiveAsync(CancellationToken.None).ConfigureAwait(false) is { } bytes)
            {
                Volatile.Write(ref _lastReceived, options.TimeProvider.GetTimestamp());
                var message = _format.Read(bytes);
                conversation.Received(message);
                if (link.EndsAtError && message is ServerMessage.Failed { Cid: null })
                    return LinkEnd.Plain;
            }

            return link.End;
        }
        catch (FormatException e)
        {
            return new LinkEnd(null, null, e);
        }
    }

    /// <returns>What went wrong; null when it was cancelled.</returns>
    private async Task<Exception?> WriteAsync(Link link, CancellationToken cancel)
    {
        try
        {
            while (true)
                await link.SendAsync(await conversation.OutgoingAsync(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>Pings a silent server, and ends when it is silent for too long or leaves a request without an answer.</summary>
    private async Task<LinkEnd> WatchAsync(CancellationToken cancel)
    {
        var clock = options.TimeProvider;
        var shortest = new[] { options.PingInterval, options.PingTimeout, options.RequestTimeout }.Min();
        var tick = TimeSpan.FromMilliseconds(Math.Max(shortest.TotalMilliseconds / 4, 10));
        var pinged = long.MinValue;
        while (true)
        {
            try
            {
                await clock.Delay(tick, cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return LinkEnd.Plain;
            }

            var lastReceived = Volatile.Read(ref _lastReceived);
            var silence = clock.GetElapsedTime(lastReceived);
            if (silence >= options.PingInterval + options.PingTimeout)
                return Silent($"Nothing came from the server for {silence.TotalSeconds:F1} s.");
            if (conversation.OldestSentAt is { } sent && clock.GetElapsedTime(sent) >= options.RequestTimeout)
                return Silent($"The server did not answer a request within {options.RequestTimeout.TotalSeconds} s.");
            if (silence < options.PingInterval || pinged == lastReceived)
                continue;
            pinged = lastReceived;
            conversation.Ping();
        }

        static LinkEnd Silent(string what) => new(null, null, new PresenceConnectionException(DisconnectReason.Silent, what));
    }

    private static async Task SayGoodbyeAsync(Link link, Task reading)
    {
        using var patience = new CancellationTokenSource(GoodbyeTime);
        try
        {
            await link.SayGoodbyeAsync(patience.Token).ConfigureAwait(false);
            await reading.WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The link is cut next.
        }
    }

    private static async Task AllAsync(params Task[] tasks)
    {
        foreach (var task in tasks)
            await task.ConfigureAwait(false);
    }

    private static Task CancelAsync(CancellationTokenSource source)
    {
#if NET
        return source.CancelAsync();
#else
        source.Cancel();
        return Task.CompletedTask;
#endif
    }

#if NET
    private static double Chance() => Random.Shared.NextDouble();
#else
    private static double Chance()
    {
        lock (Shared)
            return Shared.NextDouble();
    }

    private static readonly Random Shared = new();
#endif
}
