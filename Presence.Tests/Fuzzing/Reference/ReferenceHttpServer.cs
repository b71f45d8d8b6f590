using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Presence.Host.Links.Upgrade;

namespace Presence.Tests.Fuzzing.Reference;

/// <summary>
/// Kestrel with the limits of the server, over connections in memory: what it makes of the bytes of one connection.
/// </summary>
internal sealed class ReferenceHttpServer
{
    private static readonly Lazy<ReferenceHttpServer> One = new(() => new ReferenceHttpServer());

    private readonly Channel<ConnectionContext> _connections = Channel.CreateUnbounded<ConnectionContext>();
    private readonly Lock _gate = new();
    private (string? Path, UpgradeRequest Request)? _seen;

    private ReferenceHttpServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestLineSize = RequestHead.LineBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = RequestHead.HeaderBytes;
            kestrel.Listen(IPAddress.Loopback, 1);
        });
        builder.Services.AddSingleton<IConnectionListenerFactory>(new Listener(_connections.Reader));
        var server = builder.Build();
        server.Run(context =>
        {
            _seen = (context.Request.Path.Value, UpgradeRequest.Of(context));
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        server.StartAsync().GetAwaiter().GetResult();
    }

    /// <summary>The server of this process; it is never stopped.</summary>
    public static ReferenceHttpServer Instance => One.Value;

    /// <summary>The first request that the server finds in the bytes, null if it refuses them, and the first line of its answer.</summary>
    public ((string? Path, UpgradeRequest Request)? Seen, string Answer) Ask(byte[] bytes)
    {
        lock (_gate)
        {
            _seen = null;
            return AskAsync(bytes).GetAwaiter().GetResult();
        }
    }

    private async Task<((string? Path, UpgradeRequest Request)? Seen, string Answer)> AskAsync(byte[] bytes)
    {
        var pair = DuplexPipe.CreateConnectionPair(PipeOptions.Default, PipeOptions.Default);
        var connection = new Connection(pair.Transport, pair.Application)
        {
            RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1),
            LocalEndPoint = new IPEndPoint(IPAddress.Loopback, 2),
        };
        await pair.Application.Output.WriteAsync(bytes).ConfigureAwait(false);
        await _connections.Writer.WriteAsync(connection).ConfigureAwait(false);
        // The input ends only when the answer has come, so that no request is cut short.
        var answer = new List<byte>();
        while (true)
        {
            var read = await pair.Application.Input.ReadAsync().ConfigureAwait(false);
            foreach (var part in read.Buffer)
                answer.AddRange(part.Span);
            pair.Application.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }

        await pair.Application.Output.CompleteAsync().ConfigureAwait(false);
        await pair.Application.Input.CompleteAsync().ConfigureAwait(false);
        return (_seen, Encoding.Latin1.GetString([.. answer]).Split('\r')[0]);
    }

    /// <summary>A connection that ends when the server disposes it, like one over a socket.</summary>
    private sealed class Connection(IDuplexPipe transport, IDuplexPipe application) : DefaultConnectionContext("1", transport, application)
    {
        private readonly IDuplexPipe _transport = transport;

        public override async ValueTask DisposeAsync()
        {
            await _transport.Input.CompleteAsync().ConfigureAwait(false);
            await _transport.Output.CompleteAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }
    }

    private sealed class Listener(ChannelReader<ConnectionContext> connections) : IConnectionListenerFactory, IConnectionListener
    {
        public EndPoint EndPoint { get; private set; } = new IPEndPoint(IPAddress.Loopback, 1);

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            EndPoint = endpoint;
            return ValueTask.FromResult<IConnectionListener>(this);
        }

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await connections.ReadAsync(cancellationToken).ConfigureAwait(false);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe
    {
        public static (IDuplexPipe Transport, IDuplexPipe Application) CreateConnectionPair(PipeOptions toServer, PipeOptions fromServer)
        {
            var input = new Pipe(toServer);
            var output = new Pipe(fromServer);
            return (new DuplexPipe(input.Reader, output.Writer), new DuplexPipe(output.Reader, input.Writer));
        }
    }
}
