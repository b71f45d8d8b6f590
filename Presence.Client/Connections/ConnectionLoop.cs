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

    // What a server answers to a request that it does not know (protocol section B5).
    private const int UnknownMessage = 1;
    private const int NoMessage = 2;

    private readonly WireFormat _format = WireFormat.Of(options.Format);
    private long _lastReceived;
    private bool _isTokenSpent;

    // Whether the server is known to be none that ends a link that asks to go on by a newer token.
    private bool _knowsRefresh;

    /// <param name="retries">Whether and when to try again.</param>
    /// <param name="stop">Ends the loop, and the link with a goodbye.</param>
    public async Task RunAsync(Retries retries, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var next = await ConnectOnceAsync(retries, stop).ConfigureAwait(false);
                if (next.RetryIn is not { } wait)
                    return;
                await options.TimeProvider.Delay(wait, stop).ConfigureAwait(false);
                conversation.Enter(new ConnectionState(next.Phase, next.Error));
            }
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            // Whatever else it was, it is of no interest to who wants no more: a token provider that is cancelled may throw anything.
            conversation.Dispose();
        }
        catch (Exception e)
        {
            // Nothing is expected here; whatever it is, the caller must see it.
            conversation.Enter(new ConnectionState(
                ConnectionPhase.Closed, new PresenceConnectionException(DisconnectReason.Lost, $"The client failed: {e.Message}", e)));
        }
    }

    /// <summary>One attempt, and the link that it makes, to its end.</summary>
    /// <returns>What is to be done then.</returns>
    private async Task<ConnectionState> ConnectOnceAsync(Retries retries, CancellationToken stop)
    {
        var beginsOnline = conversation.BeginsOnline;
        Link link;
        Identity identity;
        string token;
        try
        {
            token = await TokenAsync(_isTokenSpent, stop).ConfigureAwait(false);
            _isTokenSpent = false;
            link = await OpenAsync(token, beginsOnline, stop).ConfigureAwait(false);
            identity = link.Greeting is { } g ? new Identity(g.UserId, g.Username, g.SessionId) : Identity.Of(token);
        }
        catch (PresenceConnectionException e)
        {
            _isTokenSpent |= IsOfToken(e);
            var next = retries.Next(e, lasted: null);
            conversation.Enter(next);
            return next;
        }

        var started = options.TimeProvider.GetTimestamp();
        var end = await ServeAsync(link, identity, token, beginsOnline, stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        var last = conversation.LinkDown(end, (error, wasConnected) => retries.Next(error, wasConnected ? options.TimeProvider.GetElapsedTime(started) : null));
        _isTokenSpent |= IsOfToken(last.Error!);
        // Nakama lets a link outlive its token, so this is a server that takes newer ones, or answers that it does not.
        _knowsRefresh |= last.Error!.Reason is DisconnectReason.TokenExpired;
        return last;
    }

    private static bool IsOfToken(PresenceConnectionException error) =>
        error.Reason is DisconnectReason.TokenRefused or DisconnectReason.TokenExpired or DisconnectReason.TokenRevoked;

    private async Task<string> TokenAsync(bool mustBeNew, CancellationToken stop)
    {
        try
        {
            return await options.TokenProvider(new TokenContext { MustBeNew = mustBeNew }, stop).AsTask().WaitAsync(stop).ConfigureAwait(false)
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
            return await (options.Connector ?? ConnectAsync)(token, beginsOnline, either.Token).ConfigureAwait(false);
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
            throw new PresenceConnectionException(e.IsToken ? DisconnectReason.TokenRefused : DisconnectReason.Unavailable, e.Message, e.InnerException)
            {
                RetryAfter = e.RetryAfter,
            };
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

    private Task<Link> ConnectAsync(string token, bool beginsOnline, CancellationToken cancel) =>
        Link.ConnectAsync(options, token, beginsOnline, cancel);

    /// <returns>How the link ended; it is disposed of then, and nothing of it runs any more.</returns>
    private async Task<LinkEnd> ServeAsync(Link link, Identity identity, string token, bool beganOnline, CancellationToken stop)
    {
        Volatile.Write(ref _lastReceived, options.TimeProvider.GetTimestamp());
        var dropped = conversation.LinkUp(identity, beganOnline);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reading = ReadAsync(link);
        var writing = WriteAsync(link, ending.Token);
        var watching = WatchAsync(link, ending.Token);
        var renewing = RenewAsync(link, token, ending.Token);
        try
        {
            var first = await Task.WhenAny(reading, writing, watching, dropped).ConfigureAwait(false);
            if (stop.IsCancellationRequested)
            {
                await SayGoodbyeAsync(link, reading, writing).ConfigureAwait(false);
                return LinkEnd.Plain;
            }

            // What cannot be written any more has often a reason that can still be read, or was read: a WebSocket whose server has said it
            // and is slow to hang up takes a while to come to its end.
            if (first == writing && link.End == LinkEnd.Plain)
                await Task.WhenAny(reading, options.TimeProvider.Delay(ReasonTime, ending.Token)).ConfigureAwait(false);
            if (reading.IsCompleted)
                return await reading.ConfigureAwait(false);
            if (link.End != LinkEnd.Plain)
                return link.End;
            return first == dropped ? new LinkEnd(null, null, await dropped.ConfigureAwait(false))
                : first == watching ? await watching.ConfigureAwait(false)
                : new LinkEnd(null, null, await writing.ConfigureAwait(false));
        }
        finally
        {
            await CancelAsync(ending).ConfigureAwait(false);
            await link.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(reading, writing, watching, renewing).ConfigureAwait(false);
        }
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
    private async Task<LinkEnd> WatchAsync(Link link, CancellationToken cancel)
    {
        var clock = options.TimeProvider;
        var shortest = new[] { options.PingInterval, options.PingTimeout, options.RequestTimeout }.Min();
        var tick = TimeSpan.FromMilliseconds(Math.Max(shortest.TotalMilliseconds / 4, 10));
        var pinged = long.MinValue;
        var bytes = 0L;
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

            // A large message may take longer than all these times, and its server is not silent.
            if (link.BytesReceived is var came && came != bytes)
            {
                bytes = came;
                Volatile.Write(ref _lastReceived, clock.GetTimestamp());
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

    /// <summary>
    /// Presents a newer token before that of the link expires, again and again, so that the link stays. Begins when the server says that the
    /// token expires soon, and on a server that is known to be a Presence server also by itself.
    /// </summary>
    /// <remarks>
    /// Nakama ends a link that asks for it, and has neither that notice nor TCP links. If nothing comes of it, the server ends the link at the
    /// expiry, and the client connects again.
    /// </remarks>
    private async Task RenewAsync(Link link, string token, CancellationToken cancel)
    {
        var knows = _knowsRefresh || link.Greeting is not null;
        var expiry = TokenTimes.ExpiryOf(token);
        try
        {
            while (true)
            {
                // A token that has expired and is still taken needs no other one, unless the server says so.
                await ExpiringAsync(knows && expiry > options.TimeProvider.GetUtcNow() ? expiry : null, cancel).ConfigureAwait(false);
                var renewed = await TryRenewAsync(cancel).ConfigureAwait(false);
                if (renewed is Renewal.Unknown)
                    return;
                knows |= renewed is Renewal.Done;
                _knowsRefresh |= renewed is Renewal.Done;
                if (renewed is Renewal.Done { ExpiresAt: { } at } && (expiry is null || at > expiry))
                    expiry = at;
                else
                    await options.TimeProvider.Delay(TokenTimes.RetryTime, cancel).ConfigureAwait(false);
            }
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            // The link is over. A token provider that is cancelled may throw anything.
        }
    }

    private async Task ExpiringAsync(DateTimeOffset? expiry, CancellationToken cancel)
    {
        var noticed = conversation.Expiring;
        if (expiry is not { } at)
        {
            await noticed.WaitAsync(cancel).ConfigureAwait(false);
            return;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var wait = TokenTimes.WaitOf(at, options.TimeProvider.GetUtcNow());
        await Task.WhenAny(noticed, options.TimeProvider.Delay(wait, enough.Token)).ConfigureAwait(false);
        await CancelAsync(enough).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
    }

    private async Task<Renewal> TryRenewAsync(CancellationToken cancel)
    {
        try
        {
            var token = await TokenAsync(mustBeNew: true, cancel).ConfigureAwait(false);
            return new Renewal.Done(await conversation.RefreshAsync(token).WaitAsync(cancel).ConfigureAwait(false));
        }
        catch (PresenceRequestException e) when (e.Code is UnknownMessage or NoMessage)
        {
            return new Renewal.Unknown();
        }
        catch (PresenceException)
        {
            return new Renewal.Failed();
        }
    }

    private static async Task SayGoodbyeAsync(Link link, Task reading, Task writing)
    {
        using var patience = new CancellationTokenSource(GoodbyeTime);
        try
        {
            // Not every runtime ends a write that is under way when it is cancelled.
            await writing.WaitAsync(patience.Token).ConfigureAwait(false);
            await link.SayGoodbyeAsync(patience.Token).ConfigureAwait(false);
            await reading.WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The link is cut next.
        }
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

    /// <summary>What came of presenting a newer token.</summary>
    private abstract record Renewal
    {
        /// <summary>The link goes on by it until then; null if the server does not say.</summary>
        public sealed record Done(DateTimeOffset? ExpiresAt) : Renewal;

        /// <summary>There is no token, or the server refused it.</summary>
        public sealed record Failed : Renewal;

        /// <summary>The server does not know the request.</summary>
        public sealed record Unknown : Renewal;
    }
}
