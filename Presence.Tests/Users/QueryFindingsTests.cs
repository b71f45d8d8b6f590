using System.Collections.Immutable;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Presence.Actors.Users;
using Xunit;

namespace Presence.Tests.Users;

/// <summary>How the answers of the nodes are put together.</summary>
[Trait("Clause", "K1")]
public sealed class QueryFindingsTests
{
    private readonly Subject _alice = Subject.OfUser(new UserId(Guid.Parse("00000000-0000-4000-8000-000000000001")));
    private readonly Subject _bob = Subject.OfUser(new UserId(Guid.Parse("00000000-0000-4000-8000-000000000002")));
    private readonly Subject _name = Subject.OfName("carol");
    private readonly PresenceQuery _query;

    public QueryFindingsTests() => _query = new PresenceQuery(1, [_alice, _bob, _name]);

    private QueryFindings None => QueryFindings.Of(_query.Subjects);

    [Fact]
    public void A_subject_is_missing_until_the_node_of_its_shard_has_answered()
    {
        Assert.Distinct(_query.Subjects.Select(HomeSharding.ShardOf));
        Assert.Equal<Subject>(_query.Subjects, None.Missing);

        var some = None.With(_query, Answer([_alice], new PresenceFound(0, "alice", [])));
        Assert.Equal<Subject>([_bob, _name], some.Missing);
        Assert.Equal("alice", Assert.Single(some.Found).Value.Username);

        var all = some.With(_query, Answer([_bob, _name]));
        Assert.Empty(all.Missing);
        Assert.Single(all.Found);
    }

    [Fact]
    public void While_a_shard_moves_it_is_found_what_either_node_has()
    {
        var (one, other) = (new UserId(Guid.NewGuid()), new UserId(Guid.NewGuid()));
        var before = Answer([_alice, _name], new PresenceFound(0, "alice", []), new PresenceFound(2, "", [one]));
        var after = Answer([_alice, _name], new PresenceFound(2, "", [one, other]));
        foreach (var findings in (QueryFindings[])[None.With(_query, before).With(_query, after), None.With(_query, after).With(_query, before)])
        {
            Assert.Equal("alice", findings.Found[_alice].Username);
            Assert.Equal<UserId>([one, other], findings.Found[_name].Users);
        }
    }

    [Fact]
    public void A_node_that_has_no_shard_says_nothing() => Assert.Equal<Subject>(_query.Subjects, None.With(_query, Answer([])).Missing);

    [Fact]
    public void An_answer_with_a_place_beyond_the_query_is_not_believed() =>
        Assert.Empty(None.With(_query, Answer([], new PresenceFound(3, "x", []), new PresenceFound(-1, "x", []))).Found);

    [Fact]
    public void An_entity_that_was_asked_for_itself_completes_the_findings()
    {
        var findings = None.With(new BookAnswer(_bob, [Session("bob", "hi")])).With(new BookAnswer(_alice, []));
        Assert.Equal<Subject>([_name], findings.Missing);
        Assert.Equal("bob", Assert.Single(findings.Found).Value.Username);
    }

    [Fact]
    public void Of_a_name_that_many_have_a_bounded_number_is_told()
    {
        var users = Enumerable.Range(0, 300).Select(_ => Session("carol", Guid.NewGuid().ToString())).ToImmutableArray();
        Assert.Equal(PresenceFound.MaxUsers, PresenceFound.Of(0, new BookAnswer(_name, users))!.Users.Length);
        Assert.Single(PresenceFound.Of(0, new BookAnswer(_name, [users[0], users[0]]))!.Users);
        Assert.Null(PresenceFound.Of(0, new BookAnswer(_name, [])));
    }

    private static PresenceQueryAnswer Answer(Subject[] shards, params PresenceFound[] found) =>
        new(1, [.. shards.Select(HomeSharding.ShardOf)], [.. found]);

    private static SessionStatus Session(string username, string status) => new(SessionId.New(), username, status, 1);
}
