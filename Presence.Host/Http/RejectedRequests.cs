using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Presence.Host.Http;

/// <summary>
/// Answers the requests that Kestrel cannot read, such as one with a line that is too long (414), with an <see cref="ApiError"/>. Those
/// reach no middleware, and Kestrel's own answers have no body, on which some SDKs fail (protocol section D2).
/// </summary>
/// <remarks>
/// Kestrel reports such a request through its diagnostic listener before it writes the answer, and closes the connection afterwards. So
/// what Kestrel writes behind the report is thrown away, and the answer with a body is written instead.
/// </remarks>
internal sealed class RejectedRequests : IObserver<KeyValuePair<string, object?>>
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    private readonly TimeProvider _time;

    /// <param name="reports">Where Kestrel reports.</param>
    /// <param name="time">The clock.</param>
    public RejectedRequests(DiagnosticListener reports, TimeProvider time)
    {
        _time = time;
        reports.Subscribe(this, static (name, _, _) => name == BadRequest);
    }

    /// <summary>Serves a connection to its end.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="server">The HTTP server.</param>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate server)
    {
        var transport = connection.Transport;
        var output = new Output(transport.Output);
        connection.Features.Set(output);
        connection.Transport = new Transport(transport.Input, output);
        try
        {
            await server(connection).ConfigureAwait(false);
            if (output.Status is { } status)
                await transport.Output.WriteAsync(ApiError.OfStatus(status).ToHttp(string.Create(CultureInfo.InvariantCulture, $"Date: {_time.GetUtcNow():r}"))).ConfigureAwait(false);
        }
        catch (Exception e) when (output.Status is not null && e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The connection is gone.
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    /// <summary>Kestrel refuses a request.</summary>
    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value is { Key: BadRequest, Value: IFeatureCollection features }
            && features.Get<Output>() is { } output
            && features.Get<IHttpResponseFeature>() is { HasStarted: false } response)
        {
            output.Status = response.StatusCode;
        }
    }

    /// <inheritdoc/>
    public void OnCompleted()
    {
    }

    /// <inheritdoc/>
    public void OnError(Exception error)
    {
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>What Kestrel writes to; as soon as there is a status, nothing of it goes out.</summary>
    private sealed class Output(PipeWriter transport) : PipeWriter
    {
        private byte[] _thrownAway = [];

        /// <summary>The status of the request that Kestrel has refused; null as long as there is none.</summary>
        public int? Status { get; set; }

        public override bool CanGetUnflushedBytes => transport.CanGetUnflushedBytes;

        public override long UnflushedBytes => transport.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (Status is null)
                return transport.GetMemory(sizeHint);
            if (_thrownAway.Length < Math.Max(sizeHint, 4096))
                _thrownAway = new byte[Math.Max(sizeHint, 4096)];
            return _thrownAway;
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => Status is null ? transport.GetSpan(sizeHint) : GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            if (Status is null)
                transport.Advance(bytes);
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => transport.FlushAsync(cancellationToken);

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
            Status is null ? transport.WriteAsync(source, cancellationToken) : ValueTask.FromResult(default(FlushResult));

        public override void CancelPendingFlush() => transport.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => transport.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => transport.CompleteAsync(exception);
    }
}
