using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Presence.Bench.Plans;
using Presence.Bench.Runs;
using Presence.Bench.Tallies;
using Presence.Bench.Wire;

namespace Presence.Bench.Sockets;

/// <summary>
/// All clients of a load, on one thread that never waits for one of them. Nothing is allocated per message, and a message is looked
/// at where it was received.
/// </summary>
internal sealed class Crowd : IDisposable
{
    // A request of a thousand ids is 39 KB, and servers accept 64 KiB.
    private const int IdsPerRequest = 1000;

    private readonly Poller _poller = new();
    private readonly Client[] _clients;
    private readonly FollowPlan? _plan;
    private readonly ImmutableArray<Account> _accounts;
    private readonly ImmutableArray<Route> _routes;
    private readonly ClientMessages _messages;
    private byte[] _input = new byte[1 << 18];
    private long _made;

    /// <param name="plan">Who follows whom; null if nobody does.</param>
    /// <param name="accounts">One per client.</param>
    /// <param name="routes">Where to: client after client to each in turn.</param>
    /// <param name="statusBytes">The least length of a status.</param>
    public Crowd(FollowPlan? plan, ImmutableArray<Account> accounts, ImmutableArray<Route> routes, int statusBytes)
    {
        _plan = plan;
        _accounts = accounts;
        _routes = routes;
        _messages = new ClientMessages(statusBytes);
        _clients = new Client[accounts.Length];
        for (var i = 0; i < _clients.Length; i++)
            _clients[i] = new Client();
        Tally = plan is null ? null : new Tally(plan);
    }

    /// <summary>What went wrong.</summary>
    public FaultLog Faults { get; } = new();

    /// <summary>What was sent and arrived; null if nobody follows anybody.</summary>
    public Tally? Tally { get; }

    /// <summary>How long deliveries took.</summary>
    public Latencies Delays { get; } = new();

    /// <summary>How late updates were sent; none of it is the server's doing.</summary>
    public Latencies Lags { get; } = new();

    /// <summary>Who is to be told of replies to updates.</summary>
    public Pacing? Pacing { get; set; }

    /// <summary>How many have been let in since <see cref="Begin"/>.</summary>
    public int Connected { get; private set; }

    /// <summary>How many of those who have asked to follow are through: answered to the last request, or gone.</summary>
    public int FollowsSettled { get; private set; }

    /// <summary>How many updates of those who are there are unanswered.</summary>
    public int UpdatesOwed { get; private set; }

    /// <summary>How many presences the replies to follows have listed.</summary>
    public long Presences { get; private set; }

    /// <summary>How many clients there are.</summary>
    public int Count => _clients.Length;

    /// <summary>Whether a client is connected now.</summary>
    public bool IsOpen(int client) => _clients[client].Stage == ClientStage.Open;

    /// <summary>Nobody has come yet.</summary>
    public void Begin()
    {
        CloseAll();
        Connected = 0;
        foreach (var client in _clients)
            client.Stage = ClientStage.New;
    }

    /// <summary>Those who have not been let in by now are refused, whether they have asked or not.</summary>
    public void GiveUp()
    {
        foreach (var client in _clients)
        {
            if (client.Stage is ClientStage.New or ClientStage.Connecting)
                End(client, "no answer to the handshake in time");
        }
    }

    /// <summary>A client asks to be let in.</summary>
    /// <exception cref="UsageException">This process may not open another connection.</exception>
    public void Open(int index)
    {
        var route = _routes[index % _routes.Length];
        var client = _clients[index];
        client.Socket = Native.Socket(route.Family, Native.Stream | Native.NonBlocking | Native.CloseOnExec, 0);
        if (client.Socket < 0)
        {
            throw new UsageException(Marshal.GetLastPInvokeError() == Native.TooManyFiles
                ? string.Create(CultureInfo.InvariantCulture, $"This process may not open more than {_clients.Count(c => c.Socket >= 0)} connections; raise the limit (ulimit -n).")
                : $"A socket cannot be made: {Native.LastError}.");
        }

        client.Stage = ClientStage.Connecting;
        _ = Native.SetOption(client.Socket, Native.LevelTcp, Native.NoDelay, 1, sizeof(int));
        if (route.Source(_made++) is { } source)
        {
            // Or else the port would be chosen before it is known whereto, and be one that nobody else has at all.
            _ = Native.SetOption(client.Socket, Native.LevelIp, Native.BindAddressNoPort, 1, sizeof(int));
            _ = Native.Bind(client.Socket, source, source.Length);
        }

        if (Native.Connect(client.Socket, route.Address, route.Address.Length) < 0 && Marshal.GetLastPInvokeError() != Native.InProgress)
        {
            End(client, $"{route.Server.Authority}: {Native.LastError}");
            return;
        }

        client.Unsent = Upgrade.Request(route.Server, _accounts[index].Token);
        _poller.Add(client.Socket, index);
    }

    /// <summary>A client asks to follow whom it should; says how many that are.</summary>
    public int Follow(int index)
    {
        var followed = _plan!.FollowedBy(index);
        var asked = 0;
        while (asked < followed.Length && IsOpen(index))
        {
            var ids = followed.Slice(asked, Math.Min(IdsPerRequest, followed.Length - asked)).ToArray();
            _clients[index].FollowsOwed++;
            asked += ids.Length;
            Send(index, _messages.Follow(ids.Select(user => _accounts[user].UserId)));
        }

        return asked;
    }

    /// <summary>A client updates its status.</summary>
    /// <param name="index">The client.</param>
    /// <param name="intended">From when on the update's deliveries are late.</param>
    public void Publish(int index, long intended)
    {
        var number = Tally!.Send(index);
        Lags.Add(Clock.Now - intended);
        _clients[index].UpdatesOwed++;
        UpdatesOwed++;
        Send(index, _messages.Update(new StatusMark(intended, number)));
    }

    /// <summary>Waits no longer for answers to updates; returns how many are missing.</summary>
    public int ForgetUpdates()
    {
        var missing = UpdatesOwed;
        foreach (var client in _clients)
            client.UpdatesOwed = 0;
        UpdatesOwed = 0;
        return missing;
    }

    /// <summary>Does all that can be done, and waits for it if there is nothing.</summary>
    /// <param name="wait">For how long at most, in nanoseconds.</param>
    /// <param name="isExact">Whether the wait must end on time.</param>
    public void Pump(long wait, bool isExact = false)
    {
        var count = _poller.Wait(wait, isExact);
        for (var i = 0; i < count; i++)
        {
            if (!_poller.TryGet(i, out var index, out var canRead, out var canWrite))
                continue;
            var client = _clients[index];
            if (canWrite && client.Socket >= 0)
                Flush(index, client);
            if (canRead && client.Socket >= 0)
                Receive(index, client);
        }
    }

    /// <summary>Does for some seconds whatever can be done; what is there when they are over is done as well.</summary>
    public void PumpFor(double seconds)
    {
        var end = Clock.Now + (long)(seconds * Clock.Second);
        while (end - Clock.Now is > 0 and var left)
            Pump(left);
        Pump(0);
    }

    /// <summary>Everybody vanishes, without a word; returns how many.</summary>
    public int CloseAll()
    {
        var closed = 0;
        foreach (var client in _clients)
        {
            if (client.Stage == ClientStage.Open)
                closed++;
            Release(client);
        }

        return closed;
    }

    public void Dispose()
    {
        CloseAll();
        _poller.Dispose();
    }

    private static void Release(Client client)
    {
        if (client.Socket >= 0)
            _ = Native.Close(client.Socket);
        client.Socket = -1;
        client.Stage = ClientStage.Gone;
        client.Unread = client.Unsent = [];
    }

    private void End(Client client, string why)
    {
        if (client.Stage == ClientStage.Open)
            Faults.Cut(why);
        else
            Faults.Refuse(why);
        if (client.FollowsOwed > 0)
            FollowsSettled++;
        client.FollowsOwed = 0;
        // What nobody will answer any more makes room for others.
        while (client.UpdatesOwed > 0)
            Answered(client);
        Release(client);
    }

    private void Answered(Client client)
    {
        // An answer that nobody waits for any more makes no room.
        if (client.UpdatesOwed == 0)
            return;
        client.UpdatesOwed--;
        UpdatesOwed--;
        Pacing?.Answered();
    }

    private void Settle(Client client)
    {
        if (client.FollowsOwed > 0 && --client.FollowsOwed == 0)
            FollowsSettled++;
    }

    private void Send(int index, ReadOnlySpan<byte> frame)
    {
        var client = _clients[index];
        if (client.Unsent.Length > 0)
        {
            client.Unsent = [.. client.Unsent, .. frame];
            return;
        }

        if (!TrySend(client, ref frame) || frame.IsEmpty)
            return;
        client.Unsent = frame.ToArray();
        _poller.Watch(client.Socket, index, forWriting: true);
    }

    private void Flush(int index, Client client)
    {
        ReadOnlySpan<byte> rest = client.Unsent;
        if (!TrySend(client, ref rest))
            return;
        client.Unsent = rest.ToArray();
        if (client.Unsent.Length == 0)
            _poller.Watch(client.Socket, index, forWriting: false);
    }

    private bool TrySend(Client client, ref ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var sent = (int)Native.Send(client.Socket, bytes, bytes.Length, Native.NoSignal);
            if (sent >= 0)
            {
                bytes = bytes[sent..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Native.TryAgain:
                    return true;
                case Native.Interrupted:
                    break;
                default:
                    End(client, Native.LastError);
                    return false;
            }
        }

        return true;
    }

    private void Receive(int index, Client client)
    {
        var kept = client.Unread.Length;
        if (kept > 0)
        {
            Reserve(2 * kept);
            client.Unread.CopyTo(_input, 0);
        }

        while (true)
        {
            var room = _input.Length - kept;
            var received = (int)Native.Receive(client.Socket, _input.AsSpan(kept), room, 0);
            if (received <= 0)
            {
                var error = received == 0 ? 0 : Marshal.GetLastPInvokeError();
                if (error == Native.Interrupted)
                    continue;
                if (error == Native.TryAgain)
                    break;
                End(client, received == 0 ? "the server ended the connection without a word" : Native.LastError);
                return;
            }

            var length = kept + received;
            var taken = Take(index, client, _input.AsSpan(0, length));
            if (client.Socket < 0)
                return;
            kept = length - taken;
            if (received < room)
            {
                client.Unread = kept == 0 ? [] : _input.AsSpan(taken, kept).ToArray();
                return;
            }

            _input.AsSpan(taken, kept).CopyTo(_input);
            Reserve(2 * kept);
        }

        client.Unread = kept == 0 ? [] : _input.AsSpan(0, kept).ToArray();
    }

    private void Reserve(int length)
    {
        if (_input.Length < length)
            Array.Resize(ref _input, length);
    }

    // Takes all that is whole; returns how many bytes that is. The client may be gone afterwards.
    private int Take(int index, Client client, ReadOnlySpan<byte> bytes)
    {
        var taken = 0;
        if (client.Stage == ClientStage.Connecting)
        {
            if (!Upgrade.TryRead(bytes, out taken, out var statusCode))
                return 0;
            if (statusCode != 101)
            {
                End(client, $"{_routes[index % _routes.Length].Server.Authority} answered '{Upgrade.FirstLine(bytes)}'");
                return 0;
            }

            client.Stage = ClientStage.Open;
            Connected++;
        }

        var now = Clock.Now;
        while (client.Socket >= 0)
        {
            var reading = ServerFrame.Read(bytes[taken..], out var frame);
            if (reading == FrameReading.Incomplete)
                break;
            if (reading == FrameReading.Violation)
            {
                End(client, "a frame that this tool does not read");
                break;
            }

            taken += frame.Length;
            switch (frame.Opcode)
            {
                case Opcode.Text or Opcode.Binary:
                    Hear(index, client, frame.Payload, now);
                    break;
                case Opcode.Ping:
                    Send(index, _messages.Pong(frame.Payload));
                    break;
                case Opcode.Close:
                    End(client, Reason(frame.Payload));
                    break;
            }
        }

        return taken;
    }

    private void Hear(int index, Client client, ReadOnlySpan<byte> text, long now)
    {
        switch (ServerText.KindOf(text))
        {
            case TextKind.StatusEvent:
                var marks = ServerText.ReadEvent(text);
                // Somebody has come or gone.
                if (marks.Joins == 0)
                    return;
                Tally!.Tell(index, marks);
                Delays.Add(now - marks.Latest);
                break;
            case TextKind.UpdateReply:
                Tally!.Acknowledge();
                Answered(client);
                break;
            case TextKind.UpdateRefused:
                Faults.Err(Quoted(text));
                Answered(client);
                break;
            case TextKind.FollowReply:
                Presences += ServerText.CountPresences(text);
                Settle(client);
                break;
            case TextKind.FollowRefused:
                Faults.Err(Quoted(text));
                Settle(client);
                break;
            case TextKind.Error:
                Faults.Err(Quoted(text));
                break;
        }
    }

    private static string Quoted(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text[..Math.Min(text.Length, 200)]);

    private static string Reason(ReadOnlySpan<byte> close) => close.Length < 2
        ? "closed by the server"
        : string.Create(CultureInfo.InvariantCulture, $"closed by the server with {BinaryPrimitives.ReadUInt16BigEndian(close)} {Encoding.UTF8.GetString(close[2..])}");
}
