using Microsoft.Win32.SafeHandles;

namespace Presence.Host.Links.Loops;

/// <summary>
/// A descriptor that is kept for the moment in which the process has no other: with it an acceptor can still accept connections, one
/// at a time, in order to close them. Used by one thread at a time.
/// </summary>
internal sealed class SpareDescriptor : IDisposable
{
    private SafeFileHandle? _file;

    /// <summary>Takes the first one.</summary>
    public SpareDescriptor() => Take();

    /// <summary>Gives it back to the system; false if there is none.</summary>
    public bool TryRelease()
    {
        if (_file is null)
            return false;
        _file.Dispose();
        _file = null;
        return true;
    }

    /// <summary>Takes one again; if the system has none, the next call may succeed.</summary>
    public void Take()
    {
        if (_file is not null || OperatingSystem.IsWindows())
            return;
        try
        {
            _file = File.OpenHandle("/dev/null");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // There is none at the moment.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => TryRelease();
}
