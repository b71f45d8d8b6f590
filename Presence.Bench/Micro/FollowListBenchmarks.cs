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

    private readonly FollowList _follows = new(Cast.UserNumber(Follows + 1), SessionId.New(), Follows, usersPerName: 100);
    private readonly FollowList _changed = new(Cast.UserNumber(Follows + 1), SessionId.New(), Follows, usersPerName: 100);
    private readonly ServerMessage.StatusEvent _followed = Cast.Event();
    private readonly ServerMessage.StatusEvent _strange = new(Cast.UserNumber(Follows + 2), Cast.Event().Changes);

    /// <summary>Follows 50 users.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        ImmutableArray<UserId> users = [.. Enumerable.Range(0, Follows).Select(Cast.UserNumber)];
        foreach (var follows in new[] { _follows, _changed })
        {
            follows.Begin(new ClientRequest.Follow("1", [.. users.Select(u => u.ToString())], []), 1);
            follows.Take(new RelayReply.Followed(1, [.. users.Select(u => new RelayReply.Snapshot(Subject.OfUser(u), []))]));
        }

        _changed.End(new ClientRequest.Unfollow("2", [users[^1].ToString()]), 1);
    }

    /// <summary>An event of a user who is followed.</summary>
    [Benchmark]
    public bool AdmitFollowed() => _follows.Admits(_followed);

    /// <summary>The same, where somebody was unfollowed before: from then on each has to be looked up.</summary>
    [Benchmark]
    public bool AdmitFollowedAfterAnUnfollow() => _changed.Admits(_followed);

    /// <summary>An event, still on its way, of a user who is not followed any more.</summary>
    [Benchmark]
    public bool AdmitStranger() => _changed.Admits(_strange);
}
