using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;

namespace Presence.Host.Links;

/// <summary>
/// Counts the links of this node, in all and by client address, and refuses those beyond the limits before any work is done
/// for them (contract L4, L5). A node that stops takes none (contract C5).
/// </summary>
internal sealed class LinkAdmission(IOptions<PresenceOptions> options)
{
    private readonly LimitSettings _limits = options.Value.Limits;
    private readonly ConcurrentDictionary<IPAddress, int> _byAddress = [];
    private int _all;
    private volatile bool _isClosed;

    /// <summary>Whether the node takes no links any more, whatever the limits.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Refuses every link from now on.</summary>
    public void Close() => _isClosed = true;

    /// <summary>A place for one more link, to be disposed of when it has ended; null if there is none.</summary>
    public IDisposable? TryEnter(IPAddress? address)
    {
        if (_isClosed)
            return null;
        if (Interlocked.Increment(ref _all) > _limits.Connections && _limits.Connections > 0)
        {
            Interlocked.Decrement(ref _all);
            return null;
        }

        if (_limits.ConnectionsPerAddress == 0 || address is null)
            return new Place(this, null);
        if (_byAddress.AddOrUpdate(address, 1, (_, n) => n + 1) <= _limits.ConnectionsPerAddress)
            return new Place(this, address);
        Leave(address);
        return null;
    }

    private void Leave(IPAddress? address)
    {
        Interlocked.Decrement(ref _all);
        if (address is not null && _byAddress.AddOrUpdate(address, 0, (_, n) => n - 1) == 0)
            _byAddress.TryRemove(KeyValuePair.Create(address, 0));
    }

    private sealed class Place(LinkAdmission admission, IPAddress? address) : IDisposable
    {
        private int _isLeft;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isLeft, 1) == 0)
                admission.Leave(address);
        }
    }
}
