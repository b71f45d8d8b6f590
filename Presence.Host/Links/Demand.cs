namespace Presence.Host.Links;

/// <summary>
/// How many more requests the connection of a link asks for. The reader takes one before it reads, and waits where there is
/// none: that is the client's back-pressure.
/// </summary>
internal sealed class Demand
{
    private readonly Lock _gate = new();
    private int _requests;
    private TaskCompletionSource<bool>? _awaited;
    private bool _isOver;

    /// <summary>Asks for more.</summary>
    public void Add(int requests)
    {
        lock (_gate)
        {
            _requests += requests;
            if (_awaited is null || _requests == 0)
                return;
            _requests--;
            _awaited.TrySetResult(true);
            _awaited = null;
        }
    }

    /// <summary>Nothing will be asked for any more.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            _awaited?.TrySetResult(false);
            _awaited = null;
        }
    }

    /// <summary>Takes one, if there is one.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            if (_requests == 0 || _isOver)
                return false;
            _requests--;
            return true;
        }
    }

    /// <summary>Takes one, and waits for it if there is none. False: nothing is asked for any more.</summary>
    public ValueTask<bool> TakeAsync()
    {
        lock (_gate)
        {
            if (_isOver)
                return ValueTask.FromResult(false);
            if (_requests > 0)
            {
                _requests--;
                return ValueTask.FromResult(true);
            }

            _awaited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask<bool>(_awaited.Task);
        }
    }
}
