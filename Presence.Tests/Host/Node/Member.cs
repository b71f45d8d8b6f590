using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.DependencyInjection;

namespace Presence.Tests.Host.Node;

/// <summary>A whole server in this process that is to be one of several: what it was told of its cluster, and what it sees of it.</summary>
internal sealed class Member(IEnumerable<string> settings) : ServerFixture
{
    /// <inheritdoc/>
    protected override IEnumerable<string> Settings => settings;

    /// <summary>Its cluster.</summary>
    public Cluster Cluster => Cluster.Get(Services.GetRequiredService<ActorSystem>());

    /// <summary>The addresses of the members that are up, as this one sees them.</summary>
    public IEnumerable<Address> Up => Cluster.State.Members.Where(each => each.Status == MemberStatus.Up).Select(each => each.Address);

    /// <summary>Waits until as many members are up, as this one sees it.</summary>
    /// <exception cref="OperationCanceledException">It has not come to this.</exception>
    public async Task SeesAsync(int members, CancellationToken patience)
    {
        while (Up.Count() != members)
            await Task.Delay(50, patience);
    }
}
