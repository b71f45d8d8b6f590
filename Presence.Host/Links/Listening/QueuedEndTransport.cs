using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Presence.Host.Links.Listening;

/// <summary>
/// The transport of one of Kestrel's connections, whose reader is told of the end of the connection when its turn has come in an
/// <see cref="EndQueue"/>. What the client sends is not delayed, unless its end is behind it already.
/// </summary>
/// <param name="transport">The transport of the connection.</param>
/// <param name="socket">The socket of the connection.</param>
/// <param name="ends">Where ends wait for their turn.</param>
internal sealed class QueuedEndTransport(IDuplexPipe transport, Socket socket, EndQueue ends) : PipeReader, IDuplexPipe
{
    private readonly PipeReader _input = transport.Input;
    private bool _hadTurn;

    /// <inheritdoc/>
    public PipeReader Input => this;

    /// <inheritdoc/>
    public PipeWriter Output { get; } = transport.Output;

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var reading = new Reading(_input.ReadAsync(cancellationToken));
        await reading;
        // The result of a read that has failed is an exception, and to throw it is expensive: it is taken in the turn.
        if (!socket.Connected)
            await TurnAsync().ConfigureAwait(false);
        var read = reading.TakeResult();
        if (read.IsCompleted)
            await TurnAsync().ConfigureAwait(false);
        return read;
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result) => _input.TryRead(out result);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => _input.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _input.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => _input.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _input.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null) => _input.CompleteAsync(exception);

    private Task TurnAsync()
    {
        if (_hadTurn)
            return Task.CompletedTask;
        _hadTurn = true;
        return ends.TurnAsync();
    }

    /// <summary>A read that is awaited without its result, which is taken later.</summary>
    private readonly struct Reading(ValueTask<ReadResult> read) : ICriticalNotifyCompletion
    {
        private readonly ConfiguredValueTaskAwaitable<ReadResult>.ConfiguredValueTaskAwaiter _awaiter = read.ConfigureAwait(false).GetAwaiter();

        public bool IsCompleted => _awaiter.IsCompleted;

        public Reading GetAwaiter() => this;

        public void GetResult()
        {
        }

        public ReadResult TakeResult() => _awaiter.GetResult();

        public void OnCompleted(Action continuation) => _awaiter.OnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation) => _awaiter.UnsafeOnCompleted(continuation);
    }
}
