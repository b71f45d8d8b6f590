using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Presence.Host.Links.Loops;

namespace Presence.Host.Links;

/// <summary>Carries a link over a pair of pipes: what Kestrel gives for a connection with TLS, or for the stream of an upgraded request.</summary>
/// <param name="link">The link.</param>
/// <param name="transport">Where bytes come from and go to.</param>
/// <param name="abort">Cuts the transport.</param>
/// <param name="loop">The loop that the link's connection runs on: it writes at the end of a turn; null: the thread pool does.</param>
/// <param name="socket">What carries the transport, to ask how far the client has come and to bound what is kept for it; null if it is not known.</param>
internal sealed class PipeCarrier(Link link, IDuplexPipe transport, Action abort, WorkLoop? loop = null, Socket? socket = null)
    : ICarrier, IThreadPoolWorkItem, IFlush
{
    // How much is passed on at a time. The link hears of progress when a piece is taken, so a piece is small.
    private const int PieceSize = 16 * 1024;

    private static readonly TaskCompletionSource Yes = new();

    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Null, or who waits until the link takes input again, or that it does already.
    private TaskCompletionSource? _mayRead;

    /// <inheritdoc/>
    public bool IsMarked { get; set; }

    /// <summary>Carries the link from now to its end.</summary>
    public async Task RunAsync()
    {
        if (socket is not null)
            OutputBound.Set(socket);
        link.Begin(this);
        try
        {
            await ReadAsync().ConfigureAwait(false);
            link.EndOfInput();
        }
        catch (Exception e) when (IsOfTransport(e))
        {
            // The transport is gone, or has been given up; either way there is nothing left to read.
            link.GiveUp();
        }

        await _finished.Task.ConfigureAwait(false);
        link.Over();
        await transport.Output.CompleteAsync().ConfigureAwait(false);
        await transport.Input.CompleteAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void WriteSoon()
    {
        if (loop is null)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        else if (loop.IsCurrent)
            loop.FlushAtEnd(this);
        else
            loop.Post(this);
    }

    /// <inheritdoc/>
    public void Flush() => _ = WriteAsync();

    /// <inheritdoc/>
    public void ReadSoon() => (Interlocked.Exchange(ref _mayRead, Yes) ?? Yes).TrySetResult();

    /// <inheritdoc/>
    public bool MeasureSoon()
    {
        if (socket is null || !OperatingSystem.IsLinux())
            return false;
        ThreadPool.UnsafeQueueUserWorkItem(
            static carrier => carrier.Measure(), this, preferLocal: false);
        return true;
    }

    /// <inheritdoc/>
    public void ContinueSoon()
    {
        if (loop is null)
            ThreadPool.UnsafeQueueUserWorkItem(new Continuation(link), preferLocal: false);
        else
            loop.PostBackground(new Continuation(link));
    }

    /// <inheritdoc/>
    public void Finish()
    {
        _finished.TrySetResult();
        transport.Input.CancelPendingRead();
        ReadSoon();
    }

    /// <inheritdoc/>
    public void Abort() => abort();

    /// <summary>One round of writing, apart from whoever had something to say: an actor that tells a thousand links waits for none.</summary>
    void IThreadPoolWorkItem.Execute() => Flush();

    private void Measure() => link.Measured(PeerProgress.Of(socket!), Environment.TickCount64);

    private async Task ReadAsync()
    {
        // How much has been taken since the others had their turn.
        var taken = 0L;
        while (!_finished.Task.IsCompleted)
        {
            var reading = transport.Input.ReadAsync();
            if (!reading.IsCompleted)
                taken = 0;
            var read = await reading.ConfigureAwait(false);
            if (read.IsCanceled)
                continue;
            var rest = read.Buffer;
            var appetite = link.Feed(ref rest);
            taken += read.Buffer.Length - rest.Length;
            // What it did not want to see yet counts as unseen, so that the next read brings it again.
            transport.Input.AdvanceTo(rest.Start, appetite is Appetite.Sated or Appetite.More ? rest.Start : rest.End);
            if (appetite == Appetite.Done || (read.IsCompleted && appetite == Appetite.Hungry))
                return;
            // The thread may be the one that reads for all other clients: they have their turn first. A client that sends as fast as it is read,
            // to a link that is closing, would otherwise keep the thread.
            if (appetite == Appetite.More || taken >= Link.BytesPerTurn)
            {
                await Task.Yield();
                taken = 0;
            }

            if (appetite == Appetite.Sated)
            {
                var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (Interlocked.CompareExchange(ref _mayRead, told, null) is null)
                    await told.Task.ConfigureAwait(false);
                _mayRead = null;
            }
        }
    }

    private async Task WriteAsync()
    {
        var output = transport.Output;
        try
        {
            while (true)
            {
                if (!TryWrite(output, out var written))
                    return;
                var flushed = await output.FlushAsync().ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    throw new IOException("The client takes nothing more.");
                link.Wrote(written);
            }
        }
        catch (Exception e) when (IsOfTransport(e))
        {
            link.GiveUp();
            link.CopyOutput([]);
        }
    }

    /// <summary>Passes the next piece on. A pipe that is asked for room keeps it until that is used: it is asked when there is something.</summary>
    private bool TryWrite(PipeWriter output, out int written)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceSize);
        written = link.CopyOutput(piece.AsSpan(0, PieceSize));
        // Not for nothing either, which would ask for room as well.
        if (written > 0)
            output.Write(piece.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(piece);
        return written > 0;
    }

    private static bool IsOfTransport(Exception e) => e is IOException or OperationCanceledException or InvalidOperationException;

    private sealed class Continuation(Link link) : IThreadPoolWorkItem
    {
        public void Execute() => link.Continue();
    }
}
