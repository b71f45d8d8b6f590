using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Presence.Host.Http;

/// <summary>
/// Limits how often per second each client address may do something: a token bucket per address, which holds one second's worth.
/// An address of IPv6 is taken for its /64 network, since one host has all addresses of it.
/// </summary>
/// <remarks>Safe from any thread. The bucket of an address that is full and unused is dropped after about 10 s by the library.</remarks>
internal sealed class AddressLimit : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress>? _limiter;

    /// <param name="perSecond">How often each address may do it per second; 0 sets no limit.</param>
    /// <param name="create">Makes the bucket of an address; null makes one as described.</param>
    public AddressLimit(int perSecond, Func<TokenBucketRateLimiterOptions, RateLimiter>? create = null)
    {
        if (perSecond == 0)
            return;
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
            // The partitioned limiter replenishes all buckets by one timer.
            AutoReplenishment = false,
        };
        Func<UInt128, RateLimiter> ofKey = create is null ? _ => new TokenBucketRateLimiter(options) : _ => create(options);
        _limiter = PartitionedRateLimiter.Create<IPAddress, UInt128>(address => RateLimitPartition.Get(KeyOf(address), ofKey));
    }

    /// <summary>Whether an address may do it once more now.</summary>
    /// <param name="address">The address; null, for a client without one, always may.</param>
    public bool TryTake(IPAddress? address)
    {
        if (_limiter is null || address is null)
            return true;
        using var lease = _limiter.AttemptAcquire(address);
        return lease.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter?.Dispose();

    /// <summary>An address of IPv4, in either of its forms; or the network of an address of IPv6.</summary>
    internal static UInt128 KeyOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily == AddressFamily.InterNetwork)
        {
            address.MapToIPv6().TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }

        address.TryWriteBytes(bytes, out _);
        return (UInt128)BinaryPrimitives.ReadUInt64BigEndian(bytes) << 64;
    }
}
