using System.Text.Json;
using Presence.Bench.Tallies;
using Xunit;

namespace Presence.Tests.Bench.Tallies;

/// <summary>The chain rule, as the abuse and the soak check it.</summary>
[Trait("Clause", "E2")]
public sealed class ChainCheckTests
{
    private readonly ChainCheck _chain = new();

    [Fact]
    public void A_chain_without_a_gap_is_right()
    {
        Answer(["u1", "u2"], ("u1", "s1", "a"));
        Event(joins: [("u1", "s1", "b")], leaves: [("u1", "s1", "a")]);
        Event(joins: [("u2", "s2", "x")]);
        Event(leaves: [("u1", "s1", "b")]);

        Assert.Equal((3L, 0L), (_chain.Events, _chain.Breaks));
        Assert.Equal(["x"], _chain.StatusesOf("u2"));
        Assert.Null(_chain.StatusOf("s1"));
        Assert.Equal(1, _chain.Shown);
    }

    [Fact]
    public void A_leave_of_another_status_breaks_it() => ExpectBreak("'c' leaves while 'a' is shown", () => Event(joins: [("u1", "s1", "b")], leaves: [("u1", "s1", "c")]));

    [Fact]
    public void A_leave_of_what_is_not_shown_breaks_it() => ExpectBreak("leaves while nothing is shown", () => Event(leaves: [("u1", "s9", "a")]));

    [Fact]
    public void A_join_without_a_leave_breaks_it() => ExpectBreak("joins without a leave", () => Event(joins: [("u1", "s1", "b")]));

    [Fact]
    public void A_second_leave_breaks_it() => ExpectBreak("leaves while nothing is shown", () =>
    {
        Event(leaves: [("u1", "s1", "a")]);
        Event(leaves: [("u1", "s1", "a")]);
    });

    [Fact]
    public void An_event_of_nothing_breaks_it() => ExpectBreak("an event of nothing", () => Event());

    [Fact]
    public void An_answer_may_not_show_others_or_one_session_twice()
    {
        Answer(["u1"], ("u2", "s2", "x"), ("u1", "s1", "a"), ("u1", "s1", "a"));

        Assert.Equal(2, _chain.Breaks);
    }

    [Fact]
    public void An_answer_replaces_what_was_shown_and_an_unfollow_forgets_it()
    {
        Answer(["u1"], ("u1", "s1", "a"));
        Answer(["u1"], ("u1", "s3", "c"));
        Assert.Equal(["c"], _chain.StatusesOf("u1"));

        _chain.Forget(["u1"]);
        Answer(["u1"], ("u1", "s3", "d"));

        Assert.Equal(0, _chain.Breaks);
    }

    [Fact]
    public void What_the_own_other_devices_showed_before_is_not_known()
    {
        _chain.AllowAnyStart("u1");
        Event(joins: [("u1", "s1", "b")], leaves: [("u1", "s1", "a")]);
        Assert.Equal(0, _chain.Breaks);

        Event(joins: [("u1", "s1", "d")], leaves: [("u1", "s1", "c")]);
        Assert.Equal(1, _chain.Breaks);
    }

    private void ExpectBreak(string what, Action act)
    {
        Answer(["u1"], ("u1", "s1", "a"));
        act();
        Assert.Equal(1, _chain.Breaks);
        Assert.Contains(what, Assert.Single(_chain.Examples), StringComparison.Ordinal);
    }

    private void Answer(string[] users, params (string User, string Session, string Status)[] presences) => _chain.Answer(users, Json(presences));

    private void Event((string User, string Session, string Status)[]? joins = null, (string User, string Session, string Status)[]? leaves = null)
    {
        var sides = new Dictionary<string, JsonElement>();
        if (joins is not null)
            sides["joins"] = Json(joins);
        if (leaves is not null)
            sides["leaves"] = Json(leaves);
        _chain.Event(JsonSerializer.SerializeToElement(sides));
    }

    private static JsonElement Json((string User, string Session, string Status)[] presences) =>
        JsonSerializer.SerializeToElement(presences.Select(p => new { user_id = p.User, session_id = p.Session, status = p.Status }));
}
