using System.Net;
using System.Runtime;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Presence.Actors.Model;
using Presence.Actors.Telemetry;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Listening;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links.Rehearsing;

/// <summary>
/// Before a node lets anybody in, a number of clients of its own come, do all that clients do, and go. So what every client needs
/// is compiled before the first one waits for it: a node that starts while others are restarted is met by thousands at once.
/// </summary>
/// <remarks>
/// They come by a port of the loopback that is open for that moment, and go all the way that others will: sockets, upgrade, link,
/// connection, relays, homes. The port lets nobody in who does not know the word of the day. In a cluster their users' homes are on any
/// node, as everybody's. A rehearsal that fails is told of and keeps nobody out.
/// </remarks>
internal sealed partial class Rehearsal(
    LoopSet loops, ILinkFront front, TokenValidator tokens, IOptions<PresenceOptions> options, TimeProvider clock, ILoggerFactory logs) : IHostedService
{
    /// <summary>
    /// How often they come. What has been called in the first round is counted in the second, and compiled anew if it was called
    /// some thirty times; the third finds what the second has brought to light.
    /// </summary>
    public const int Rounds = 3;

    // For each round.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A token that is whole in all but its signature.
    private static readonly string Forged = string.Join('.', new[]
    {
        """{"alg":"HS256","typ":"JWT"}""",
        """{"tid":"c7f1a5c2-5d3c-4b8a-9f53-2f6f3c1d7a10","uid":"00000000-0000-4000-8000-000000000000","usn":"nobody","exp":4102444800,"iat":1}""",
        new string('-', 32),
    }.Select(part => Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(part)).TrimEnd('=').Replace('+', '-').Replace('/', '_')));

    private readonly ILogger<Rehearsal> _log = logs.CreateLogger<Rehearsal>();
    private int _ended;

    /// <summary>How many times a client has come, was served to the end, and gone.</summary>
    public int Ended => Volatile.Read(ref _ended);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Each needs a descriptor for either end.
        var count = Math.Min(options.Value.Links.Rehearsal, FileLimit.Pairs(FileLimit.Current, FileLimit.Open));
        if (count == 0)
            return;
        var begin = clock.GetTimestamp();
        try
        {
            await PlayAsync(count, cancellationToken).ConfigureAwait(false);
            var took = clock.GetElapsedTime(begin);
            Rehearsed(count, Rounds, took);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            Failed(fault);
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task PlayAsync(int count, CancellationToken cancel)
    {
        var word = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var calm = new CompilerCalm(() => JitInfo.GetCompiledMethodCount(), clock);
        var users = Enumerable.Range(0, count).Select(_ => new UserId(Guid.NewGuid())).ToArray();
        // These clients take no places of others.
        using var places = new SocketPlaces(() => PlaceBounds.None, new Refusals(), clock);
        using var contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), _log);
        var listener = await LinkListener.BindAsync(
            new LinkEndPoint(IPAddress.Loopback, 0, PortKind.Http), loops, new Stage(front, word, users), places, contexts, logs.CreateLogger<LinkListener>()).ConfigureAwait(false);
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                using var patient = new CancellationTokenSource(Patience, clock);
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel, patient.Token);
                await Task.WhenAll(Enumerable.Range(0, count).Select(i => ComeAndGoAsync((IPEndPoint)listener.EndPoint, word, i, users, patience.Token))).ConfigureAwait(false);
                await calm.AwaitAsync(cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            await listener.UnbindAsync(CancellationToken.None).ConfigureAwait(false);
            await listener.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ComeAndGoAsync(IPEndPoint port, string word, int number, UserId[] users, CancellationToken cancel)
    {
        await tokens.RehearseAsync(Forged, cancel).ConfigureAwait(false);
        await Understudy.ComeAndGoAsync(port, $"{word}.{number}", users, cancel).ConfigureAwait(false);
        Interlocked.Increment(ref _ended);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Rehearsed with {Clients} clients, {Rounds} times, in {Time}.")]
    private partial void Rehearsed(int clients, int rounds, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The rehearsal before the first client failed; the node opens nevertheless.")]
    private partial void Failed(Exception fault);
}
