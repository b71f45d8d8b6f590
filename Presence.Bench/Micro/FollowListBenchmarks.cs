using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Presence.Actors.Connections;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Bench.Micro;

/// <summary>What a follower's connection asks for every event: is it to be told?</summary>
public class FollowListBenchmarks
{
    private const int Follows = 50;

    private readonly FollowList _follows = new(Cast.UserNumber(Follows + 1), "bob", Follows);
    private readonly ServerMessage.StatusEvent _followed = Cast.Event();
    private readonly ServerMessage.StatusEvent _strange = new(Cast.UserNumber(Follows + 2), Cast.Event().Changes);

    /// <summary>Follows 50 users.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        ImmutableArray<UserId> users = [.. Enumerable.Range(0, Follows).Select(Cast.UserNumber)];
        _follows.Begin(new ClientRequest.Follow("1", [.. users.Select(u => u.ToString())], []), 1);
        _follows.Take(new RelayReply.Followed(1, [.. users.Select(u => new RelayReply.Snapshot(Subject.OfUser(u), []))]));
    }

    /// <summary>An event of a user who is followed.</summary>
    [Benchmark]
    public bool AdmitFollowed() => _follows.Admits(_followed);

    /// <summary>An event of a user who is not.</summary>
    [Benchmark]
    public bool AdmitStranger() => _follows.Admits(_strange);
}
