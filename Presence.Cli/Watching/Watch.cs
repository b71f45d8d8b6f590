using System.Threading.Channels;
using Presence.Cli.Commands;
using Presence.Cli.Connecting;
using Presence.Client;

namespace Presence.Cli.Watching;

/// <summary>Follows users and shows what becomes of them.</summary>
/// <param name="client">The connection.</param>
/// <param name="access">How it was made.</param>
/// <param name="view">Shows it.</param>
/// <param name="clock">Tells when.</param>
internal sealed class Watch(PresenceClient client, Access access, IWatchView view, TimeProvider clock)
{
    // One place: while the view is slow, changes wait in the client, which merges them.
    private readonly Channel<WatchEvent> _events = Channel.CreateBounded<WatchEvent>(1);

    /// <summary>Shows the beginning and every change.</summary>
    /// <param name="targets">The users.</param>
    /// <param name="most">Ends after so many changes; null: never.</param>
    /// <param name="duration">Ends after this time; null: never.</param>
    /// <param name="cancel">Ends it with an exception.</param>
    /// <returns>How many changes there were.</returns>
    /// <exception cref="FailureException">The client has given up.</exception>
    public async Task<int> RunAsync(IReadOnlyList<Target> targets, int? most, TimeSpan? duration, CancellationToken cancel)
    {
        using var over = duration is { } time ? new CancellationTokenSource(time, clock) : new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        Task[] sources = [ReportAsync(TellStatesAsync, ending.Token), ReportAsync(c => TellChangesAsync(targets, c), ending.Token)];
        var changes = 0;
        try
        {
            await foreach (var told in _events.Reader.ReadAllAsync(ending.Token).ConfigureAwait(false))
            {
                view.Show(told);
                if (told is Changed && ++changes >= most)
                    break;
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            // That was the time.
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(sources).ConfigureAwait(false);
        }

        return changes;
    }

    private async Task TellChangesAsync(IReadOnlyList<Target> targets, CancellationToken cancel)
    {
        // Both begin before the snapshot does: what changes while it is taken is told after it.
        await using var told = client.Subscribe();
        await using var ofSelf = client.OwnChanges.GetAsyncEnumerator(cancel);
        var snapshot = await Snapshot.TakeAsync(client, told, targets, access, cancel).ConfigureAwait(false);
        await _events.Writer.WriteAsync(new Began(clock.GetUtcNow(), snapshot), cancel).ConfigureAwait(false);
        if (snapshot.Self.Count == 0)
            await ofSelf.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(TellAsync(told.GetAsyncEnumerator(cancel), cancel), TellAsync(ofSelf, cancel)).ConfigureAwait(false);
    }

    private async Task TellAsync(IAsyncEnumerator<StatusChange> changes, CancellationToken cancel)
    {
        while (await changes.MoveNextAsync().ConfigureAwait(false))
            await _events.Writer.WriteAsync(new Changed(clock.GetUtcNow(), changes.Current), cancel).ConfigureAwait(false);
    }

    private async Task TellStatesAsync(CancellationToken cancel)
    {
        await foreach (var state in client.States.WithCancellation(cancel).ConfigureAwait(false))
        {
            if (Connector.OfLogin(state.Error) is { } fault)
                throw fault;
            await _events.Writer.WriteAsync(new StateChanged(clock.GetUtcNow(), state), cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Tells, and hands a fault on to whoever is told.</summary>
    private async Task ReportAsync(Func<CancellationToken, Task> tell, CancellationToken ending)
    {
        try
        {
            await tell(ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The watch is over.
        }
        catch (PresenceException e)
        {
            _events.Writer.TryComplete(Connector.Explain(e));
        }
        catch (Exception e)
        {
            _events.Writer.TryComplete(e);
        }
    }
}
