using System.Net.WebSockets;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>The realtime half of the .NET SDK, with the adapter that it takes by itself.</summary>
public sealed class DotnetStatusTests(PatientServer server) : IClassFixture<PatientServer>
{
    private Task<Player> ConnectAsync(bool appearOnline = false, string? username = null) =>
        Player.ConnectAsync(server.Http, appearOnline, username);

    [Fact]
    [Trait("Clause", "S1")]
    [Trait("Clause", "F9")]
    public async Task Who_appears_online_is_told_so_first()
    {
        await using var alice = await ConnectAsync(appearOnline: true);
        var told = await alice.NextAsync();
        Assert.Equal((alice.UserId, alice.Username, null, ""), (told.UserId, told.Username, told.Before, told.Now));
    }

    [Fact]
    [Trait("Clause", "S1")]
    public async Task Who_does_not_appear_online_is_invisible_until_the_first_status()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        Assert.Empty(await bob.FollowAsync(alice.UserId));

        await alice.UpdateAsync("here");

        Assert.Equal((null, "here"), Of(await bob.NextAsync()));
        Assert.Equal((null, "here"), Of(await alice.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "S2")]
    public async Task A_longer_status_is_refused_and_the_old_one_stays()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        // 2048 bytes in 1024 characters.
        var longest = new string('é', 1024);
        await alice.UpdateAsync(longest);
        Assert.Equal(longest, Assert.Single(await bob.FollowAsync(alice.UserId)).Status);

        await Assert.ThrowsAsync<WebSocketException>(() => alice.UpdateAsync(longest + "x"));
        await alice.UpdateAsync("next");

        Assert.Equal((longest, "next"), Of(await bob.NextAsync()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"game":"chess","level":3,"tags":["a\\b","\"q\""]}""")]
    [InlineData("tab\tline\nnul\u0000 ünï😀 </script>&\u2028")]
    [Trait("Clause", "S2")]
    public async Task A_status_arrives_as_it_was_set(string status)
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await bob.FollowAsync(alice.UserId);

        await alice.UpdateAsync(status);

        Assert.Equal((null, status), Of(await bob.NextAsync()));
        Assert.Equal(status, Assert.Single(await bob.FollowAsync(alice.UserId)).Status);
    }

    [Fact]
    [Trait("Clause", "S3")]
    [Trait("Clause", "F9")]
    public async Task Each_device_has_its_own_status_and_hears_of_the_others()
    {
        await using var phone = await ConnectAsync();
        await using var desktop = await Player.ConnectAsync(server.Http, phone.Session);
        await using var bob = await ConnectAsync();
        await phone.UpdateAsync("on the phone");
        var onPhone = await desktop.NextAsync();
        Assert.Equal((null, "on the phone"), Of(onPhone));
        Assert.Equal(onPhone, await phone.NextAsync());

        await desktop.UpdateAsync("at the desk");
        var atDesk = await phone.NextAsync();
        Assert.NotEqual(onPhone.SessionId, atDesk.SessionId);
        Assert.Equal(
            [(atDesk.SessionId, "at the desk"), (onPhone.SessionId, "on the phone")],
            (await bob.FollowAsync(phone.UserId)).Select(presence => (presence.SessionId, presence.Status)));

        await phone.EraseAsync();
        var erased = await bob.NextAsync();
        Assert.Equal(onPhone with { Before = "on the phone", Now = null }, erased);
        Assert.Equal("at the desk", Assert.Single(await bob.FollowAsync(phone.UserId)).Status);
    }

    [Fact]
    [Trait("Clause", "S4")]
    public async Task Erasing_nothing_is_acknowledged_and_told_to_nobody()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await bob.FollowAsync(alice.UserId);

        await alice.EraseAsync();
        await alice.UpdateAsync("a");
        await alice.EraseAsync();
        await alice.EraseAsync();
        await alice.UpdateAsync("b");

        Assert.Equal((null, "a"), Of(await bob.NextAsync()));
        Assert.Equal(("a", null), Of(await bob.NextAsync()));
        Assert.Equal((null, "b"), Of(await bob.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "S5")]
    [Trait("Clause", "S6")]
    public async Task A_connection_that_ends_leaves_as_one_that_erases()
    {
        await using var bob = await ConnectAsync();
        await using var eraser = await ConnectAsync();
        await using var quitter = await Player.ConnectAsync(server.Http, eraser.Session);
        await eraser.UpdateAsync("last words");
        await quitter.UpdateAsync("last words");
        var presences = await bob.FollowAsync(eraser.UserId);

        await eraser.EraseAsync();
        var erased = await bob.NextAsync();
        await quitter.Socket.CloseAsync();
        var quit = await bob.NextAsync();

        Assert.Equal(("last words", null), Of(erased));
        Assert.Equal(erased with { SessionId = quit.SessionId }, quit);
        Assert.Equal(
            presences.Select(presence => presence.SessionId).Order(StringComparer.Ordinal),
            new[] { erased.SessionId, quit.SessionId }.Order(StringComparer.Ordinal));
        Assert.Empty(await bob.FollowAsync(eraser.UserId));
    }

    [Fact]
    [Trait("Clause", "E1")]
    [Trait("Clause", "S8")]
    public async Task An_update_names_the_old_status_and_the_new_one_of_the_same_session()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await alice.UpdateAsync("");
        var session = Assert.Single(await bob.FollowAsync(alice.UserId)).SessionId;

        await alice.UpdateAsync("a");
        await alice.UpdateAsync("b");
        await alice.UpdateAsync("b");

        foreach (var (before, now) in new[] { ("", "a"), ("a", "b"), ("b", "b") })
            Assert.Equal(new StatusChange(alice.UserId, session, alice.Username, before, now), await bob.NextAsync());
    }

    [Fact]
    [Trait("Clause", "E2")]
    [Trait("Clause", "E4")]
    public async Task Many_quick_updates_arrive_as_one_chain_that_ends_with_the_last()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        var view = new FollowerView(await bob.FollowAsync(alice.UserId));

        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => alice.UpdateAsync($"{i}")));

        await view.ApplyUntilAsync(bob, statuses => statuses.SingleOrDefault() == "299");
    }

    [Fact]
    [Trait("Clause", "F1")]
    public async Task Users_are_followed_by_id_and_by_name()
    {
        await using var alice = await ConnectAsync();
        await using var carol = await ConnectAsync();
        await using var offline = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await alice.UpdateAsync("alice's");
        await carol.UpdateAsync("carol's");

        var presences = await bob.FollowAsync([alice.UserId, offline.UserId], [carol.Username, alice.Username]);

        Assert.Equal(
            [(alice.UserId, alice.Username, "alice's"), (carol.UserId, carol.Username, "carol's")],
            presences.Select(presence => (presence.UserId, presence.Username, presence.Status)));
        await carol.UpdateAsync("carol's second");
        Assert.Equal(("carol's", "carol's second"), Of(await bob.NextAsync()));
        await offline.UpdateAsync("back");
        Assert.Equal((null, "back"), Of(await bob.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "F3")]
    public async Task Ids_of_nobody_are_skipped_and_every_spelling_of_an_id_is_the_same_user()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await alice.UpdateAsync("here");

        var presences = await bob.FollowAsync(
            alice.UserId, alice.UserId.ToUpperInvariant(), $"{{{alice.UserId}}}", $"{Guid.NewGuid()}", $"{Guid.Empty}");

        Assert.Equal(alice.UserId, Assert.Single(presences).UserId);
    }

    [Fact]
    [Trait("Clause", "F3")]
    public async Task A_malformed_id_is_refused_and_nothing_of_the_request_is_applied()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();

        await Assert.ThrowsAsync<WebSocketException>(() => bob.FollowAsync(alice.UserId, "alice"));
        await alice.UpdateAsync("unseen");

        // Had the refused request applied, the update would have come before this answer.
        Assert.Equal("unseen", Assert.Single(await bob.FollowAsync(alice.UserId)).Status);
        Assert.False(bob.HasUnread);
        await alice.UpdateAsync("seen");
        Assert.Equal(("unseen", "seen"), Of(await bob.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "F4")]
    public async Task Following_again_answers_with_the_present_state_and_doubles_nothing()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await bob.FollowAsync(alice.UserId);
        await alice.UpdateAsync("a");
        Assert.Equal("a", Assert.Single(await bob.FollowAsync(alice.UserId)).Status);

        await alice.UpdateAsync("b");
        await alice.UpdateAsync("c");

        Assert.Equal((null, "a"), Of(await bob.NextAsync()));
        Assert.Equal(("a", "b"), Of(await bob.NextAsync()));
        Assert.Equal(("b", "c"), Of(await bob.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "F5")]
    public async Task A_follow_belongs_to_the_connection_that_made_it()
    {
        await using var alice = await ConnectAsync();
        await using var following = await ConnectAsync();
        await using var other = await Player.ConnectAsync(server.Http, following.Session);
        await following.FollowAsync(alice.UserId);

        await alice.UpdateAsync("a");
        Assert.Equal((null, "a"), Of(await following.NextAsync()));

        Assert.Equal("a", Assert.Single(await other.FollowAsync(alice.UserId)).Status);
        Assert.False(other.HasUnread);
    }

    [Fact]
    [Trait("Clause", "F6")]
    public async Task A_name_that_nobody_has_yet_is_followed_from_when_somebody_has_it()
    {
        var name = $"later-{Guid.NewGuid():N}";
        await using var bob = await ConnectAsync();
        Assert.Empty(await bob.FollowAsync([], [name]));

        await using var alice = await ConnectAsync(appearOnline: true, name);

        var told = await bob.NextAsync();
        Assert.Equal((alice.UserId, name, null, ""), (told.UserId, told.Username, told.Before, told.Now));
    }

    [Fact]
    [Trait("Clause", "F7")]
    public async Task Unfollowing_stops_at_once()
    {
        await using var alice = await ConnectAsync();
        await using var bob = await ConnectAsync();
        await alice.UpdateAsync("");
        await bob.FollowAsync(alice.UserId);

        await bob.UnfollowAsync(alice.UserId);
        await bob.UnfollowAsync(alice.UserId, $"{Guid.NewGuid()}");
        await alice.UpdateAsync("unseen");

        Assert.Equal("unseen", Assert.Single(await bob.FollowAsync(alice.UserId)).Status);
        Assert.False(bob.HasUnread);
        await alice.UpdateAsync("seen");
        Assert.Equal(("unseen", "seen"), Of(await bob.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "F9")]
    public async Task Following_or_unfollowing_oneself_changes_nothing()
    {
        await using var alice = await ConnectAsync();

        Assert.Empty(await alice.FollowAsync([alice.UserId], [alice.Username]));
        await alice.UnfollowAsync(alice.UserId);
        await alice.UpdateAsync("a");
        await alice.UpdateAsync("b");

        Assert.Equal((null, "a"), Of(await alice.NextAsync()));
        Assert.Equal(("a", "b"), Of(await alice.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "L3")]
    public async Task What_a_status_server_lacks_is_refused_and_the_connection_stays()
    {
        await using var alice = await ConnectAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => alice.Socket.CreateMatchAsync());
        await Assert.ThrowsAsync<WebSocketException>(() => alice.Socket.JoinChatAsync("lobby", Nakama.ChannelType.Room));
        await alice.UpdateAsync("still here");
        Assert.Equal((null, "still here"), Of(await alice.NextAsync()));
    }

    [Fact]
    [Trait("Clause", "C2")]
    public async Task A_client_that_pings_every_second_stays_connected()
    {
        const int secondsBetweenPings = 1;
        // The adapter gives up when a ping has had no answer by the time of the next one.
        var adapter = new Nakama.WebSocketAdapter(secondsBetweenPings);
        var session = await Player.ClientOf(server.Http).AuthenticateCustomAsync($"{Guid.NewGuid()}");
        await using var alice = await Player.ConnectAsync(server.Http, session, adapter: adapter);

        using var seconds = new PeriodicTimer(TimeSpan.FromSeconds(secondsBetweenPings));
        for (var i = 0; i < 4; i++)
        {
            await seconds.WaitForNextTickAsync();
            await alice.UpdateAsync($"{i}");
            Assert.Equal($"{i}", (await alice.NextAsync()).Now);
        }
    }

    [Fact]
    [Trait("Clause", "C1")]
    public async Task The_adapter_of_the_platform_works_as_well()
    {
        var session = await Player.ClientOf(server.Http).AuthenticateCustomAsync($"{Guid.NewGuid()}");
        await using var alice = await Player.ConnectAsync(
            server.Http, session, appearOnline: true, new Nakama.WebSocketStdlibAdapter());
        Assert.Equal((null, ""), Of(await alice.NextAsync()));
        await alice.UpdateAsync("here");
        Assert.Equal(("", "here"), Of(await alice.NextAsync()));
    }

    private static (string? Before, string? Now) Of(StatusChange change) => (change.Before, change.Now);
}
