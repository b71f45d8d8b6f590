using Nakama;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>That the published .NET SDK brings the notice before expiry to its application, and is not disturbed by it.</summary>
public sealed class DotnetNoticeTests(ExpiringServer server) : IClassFixture<ExpiringServer>
{
    [Fact]
    [Trait("Clause", "C4")]
    public async Task The_application_hears_that_its_session_is_about_to_expire()
    {
        await using var alice = await Player.ConnectAsync(server.Http);
        var notice = new TaskCompletionSource<IApiNotification>();
        alice.Socket.ReceivedNotification += notification => notice.TrySetResult(notification);

        var told = await notice.Task.WaitAsync(Player.Patience);
        Assert.Equal(("session_expiring", -4001, "{}"), (told.Subject, told.Code, told.Content));
        await alice.UpdateAsync("still here");
        Assert.Equal("still here", (await alice.NextAsync()).Now);
        await alice.Closed;
    }

    [Fact]
    [Trait("Clause", "C4")]
    public async Task An_application_that_does_not_listen_is_not_disturbed()
    {
        await using var alice = await Player.ConnectAsync(server.Http);
        var faults = 0;
        alice.Socket.ReceivedError += _ => Interlocked.Increment(ref faults);
        await alice.Closed;
        Assert.Equal(0, faults);
    }
}
