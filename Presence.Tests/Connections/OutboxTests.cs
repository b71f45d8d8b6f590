using Presence.Actors.Connections;
using Presence.Actors.Model;
using Presence.Tests.Node;
using Xunit;

namespace Presence.Tests.Connections;

[Trait("Clause", "L1")]
public sealed class OutboxTests
{
    private static readonly UserId Alice = new(Guid.NewGuid());
    private static readonly SessionId Session = SessionId.New();

    private readonly TestLink _link = new();
    private Outbox _outbox;

    public OutboxTests() => _outbox = new Outbox(_link);

    [Fact]
    public void A_client_that_keeps_up_is_told_every_change()
    {
        _outbox.Tell(Change(null, 1));
        _outbox.Tell(Change(1, 2));
        Assert.Equal([(null, 1L), (1L, 2L)], Sent());
    }

    [Fact]
    public void Changes_of_a_session_are_merged_while_the_client_is_behind()
    {
        FallBehind();
        _outbox.Tell(Change(1, 2));
        _outbox.Tell(Change(2, 3));
        _outbox.Tell(Change(3, 4));
        Assert.Empty(Sent());

        CatchUp();
        Assert.Equal([(1L, 4L)], Sent());
    }

    [Fact]
    [Trait("Clause", "E2")]
    public void A_session_that_comes_and_goes_while_the_client_is_behind_is_not_told_at_all()
    {
        FallBehind();
        _outbox.Tell(Change(null, 1));
        _outbox.Tell(Change(1, 2));
        _outbox.Tell(Change(2, null));
        CatchUp();
        Assert.Empty(Sent());
    }

    [Fact]
    [Trait("Clause", "E2")]
    public void One_that_goes_and_comes_is_told_as_one_step()
    {
        FallBehind();
        _outbox.Tell(Change(1, null));
        _outbox.Tell(Change(null, 2));
        CatchUp();
        Assert.Equal([(1L, 2L)], Sent());
    }

    [Fact]
    [Trait("Clause", "F4")]
    public void A_reply_goes_out_behind_the_changes_that_came_before_it()
    {
        FallBehind();
        _outbox.Tell(Change(1, 2));
        _outbox.Reply(new ServerMessage.Pong("7"));
        _outbox.Tell(Change(2, 3));
        // The reply forces nothing out: a client that is behind is sent nothing more.
        Assert.Empty(Sent());

        CatchUp();
        Assert.True(_link.Sent.TryRead(out var first));
        Assert.Equal([(1L, 2L)], ((ServerMessage.StatusEvent)first).Changes.Select(c => (c.Old!.Revision, c.New!.Revision)));
        Assert.True(_link.Sent.TryRead(out var second));
        Assert.IsType<ServerMessage.Pong>(second);
        Assert.Equal([(2L, 3L)], Sent());
    }

    [Fact]
    [Trait("Clause", "E2")]
    public void Changes_behind_a_reply_are_merged_with_each_other_and_not_across_it()
    {
        FallBehind();
        _outbox.Tell(Change(1, 2));
        _outbox.Reply(new ServerMessage.Pong("7"));
        _outbox.Tell(Change(2, 3));
        _outbox.Tell(Change(3, 4));
        _link.IsWritable = false;
        // One step at a time, with more changes between the steps.
        _outbox.Drained();
        Assert.Equal([(1L, 2L)], Sent());
        _outbox.Tell(Change(4, 5));
        _outbox.Drained();
        Assert.True(_link.Sent.TryRead(out var reply));
        Assert.IsType<ServerMessage.Pong>(reply);
        _outbox.Tell(Change(5, 6));
        CatchUp();
        Assert.Equal([(2L, 6L)], Sent());
    }

    [Fact]
    [Trait("Clause", "E2")]
    public void A_change_of_a_session_whose_first_has_gone_out_follows_it()
    {
        FallBehind();
        _outbox.Tell(Change(1, 2));
        _outbox.Tell(new ServerMessage.StatusEvent(Alice, [new StatusChange(null, new SessionStatus(SessionId.New(), "alice", "", 1))]));
        _outbox.Drained();
        Assert.Equal([(1L, 2L)], Sent());
        _outbox.Tell(Change(2, 3));
        CatchUp();
        Assert.Equal([(null, 1L), (2L, 3L)], Sent());
    }

    [Fact]
    public void Sessions_that_come_and_go_leave_nothing_behind()
    {
        FallBehind();
        for (var i = 0; i < 10_000; i++)
        {
            var shown = new SessionStatus(SessionId.New(), "alice", "", 1);
            _outbox.Tell(new ServerMessage.StatusEvent(Alice, [new StatusChange(null, shown)]));
            _outbox.Tell(new ServerMessage.StatusEvent(Alice, [new StatusChange(shown, null)]));
        }

        _outbox.Tell(Change(1, 2));
        // One step takes the only change there is.
        _outbox.Drained();
        Assert.Equal([(1L, 2L)], Sent());
    }

    [Fact]
    public void Before_a_close_the_held_replies_go_out_and_the_changes_do_not()
    {
        FallBehind();
        _outbox.Tell(Change(1, 2));
        _outbox.Reply(new ServerMessage.Pong("7"));
        _outbox.Tell(Change(2, 3));
        _outbox.Finish(new ServerMessage.Pong("last"));
        Assert.Equal(["7", "last"], Enumerable.Range(0, 2).Select(_ => _link.Sent.TryRead(out var sent) ? ((ServerMessage.Pong)sent).Cid : null));
        Assert.Empty(Sent());
    }

    [Fact]
    public void A_client_that_falls_behind_again_gets_the_rest_later()
    {
        FallBehind();
        for (var i = 0; i < 5; i++)
            _outbox.Tell(new ServerMessage.StatusEvent(Alice, [new StatusChange(null, new SessionStatus(SessionId.New(), "alice", "", 1))]));
        _outbox.Drained();
        Assert.Single(Sent());
        _outbox.Drained();
        Assert.Single(Sent());
        CatchUp();
        Assert.Equal(3, Sent().Count);
    }

    private void FallBehind()
    {
        _link.IsWritable = false;
        _outbox.Reply(new ServerMessage.Pong(null));
        Assert.True(_link.Sent.TryRead(out _));
    }

    private void CatchUp()
    {
        _link.IsWritable = true;
        _outbox.Drained();
    }

    private List<(long? Old, long? New)> Sent()
    {
        List<(long?, long?)> sent = [];
        while (_link.Sent.TryRead(out var message))
        {
            foreach (var (old, @new) in ((ServerMessage.StatusEvent)message).Changes)
                sent.Add((old?.Revision, @new?.Revision));
        }

        return sent;
    }

    private static ServerMessage.StatusEvent Change(long? from, long? to) => new(Alice, [new StatusChange(Shown(from), Shown(to))]);

    private static SessionStatus? Shown(long? revision) =>
        revision is { } r ? new SessionStatus(Session, "alice", $"status {r}", r) : null;
}
