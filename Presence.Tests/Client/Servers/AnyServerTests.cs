using System.Net;
using Presence.Client;
using Presence.Tests.Client.Faults;
using Presence.Tests.Host;
using Xunit;

namespace Presence.Tests.Client.Servers;

/// <summary>
/// What the library promises of every server that speaks the status protocol, held against each that there is. It expects no more than
/// Nakama does: that the events of one user come in order, each to all who follow by then, and come at all.
/// </summary>
/// <remarks><c>PRESENCE_NAKAMA=http://host:port</c> adds a Nakama that runs there, with its default key.</remarks>
public sealed class AnyServerTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "F2")]
    [Trait("Clause", "S4")]
    public async Task Each_change_is_told_with_what_was_shown_before(ServerKind kind, MessageFormat format)
    {
        await using var alice = await ConnectAsync(kind, format, "alice");
        await using var bob = await ConnectAsync(kind, format, "bob");
        await using var changes = bob.Changes.GetAsyncEnumerator();
        Assert.Empty(await bob.FollowAsync([alice.UserId!.Value]));

        await alice.SetStatusAsync("one");
        await alice.SetStatusAsync("two");
        await alice.EraseStatusAsync();
        await alice.SetStatusAsync("");
        await alice.DisposeAsync();

        foreach (var (old, now) in new[] { (null, "one"), ("one", "two"), ("two", null), (null, ""), ("", null) })
            AssertChange(alice, old, now, await NextAsync(changes));
        Assert.Empty(bob.Roster);
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "F1")]
    public async Task A_follow_by_id_and_by_name_answers_with_all_who_show_something(ServerKind kind, MessageFormat format)
    {
        await using var alice = await ConnectAsync(kind, format, "alice");
        await using var carol = await ConnectAsync(kind, format, "carol");
        await using var dave = await ConnectAsync(kind, format, "dave");
        await using var hidden = await ConnectAsync(kind, format, "hidden");
        await using var bob = await ConnectAsync(kind, format, "bob");
        foreach (var one in (PresenceClient[])[alice, carol, dave])
            await ShowAsync(one, "here");
        await using var changes = bob.Changes.GetAsyncEnumerator();

        // More than one message holds, and most of them nobody.
        var nobody = Enumerable.Range(0, 500).Select(_ => Guid.NewGuid());
        var shown = await bob.FollowAsync(
            [alice.UserId!.Value, dave.UserId!.Value, .. nobody], [carol.Username!, dave.Username!, hidden.Username!, $"nobody-{Guid.NewGuid()}"]);

        Assert.Equal(Names(alice, carol, dave), shown.Select(p => p.Username).Order());
        Assert.All(shown, p => Assert.Equal("here", p.Status));
        Assert.Equivalent(shown, bob.Roster, strict: true);
        await hidden.SetStatusAsync("no more");
        AssertChange(hidden, null, "no more", await NextAsync(changes));
        await carol.SetStatusAsync("still");
        AssertChange(carol, "here", "still", await NextAsync(changes));
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "S3")]
    public async Task Every_device_of_a_user_is_shown_by_itself(ServerKind kind, MessageFormat format)
    {
        var account = AccountAt(kind, "alice");
        await using var phone = await account.ConnectAsync(format);
        await using var laptop = await account.ConnectAsync(format);
        await using var bob = await ConnectAsync(kind, format, "bob");
        await ShowAsync(phone, "on the phone");
        await using var changes = bob.Changes.GetAsyncEnumerator();
        var first = Assert.Single(await bob.FollowAsync([phone.UserId!.Value]));

        await laptop.SetStatusAsync("at the laptop");
        var second = await NextAsync(changes);
        AssertChange(laptop, null, "at the laptop", second);
        Assert.NotEqual(first.SessionId, second.SessionId);
        Assert.Equal(["at the laptop", "on the phone"], bob.Roster.Of(phone.UserId!.Value).Select(p => p.Status).Order());

        await phone.DisposeAsync();
        Assert.Equal(new StatusChange(first.UserId, first.SessionId, first.Username, "on the phone", null), await NextAsync(changes));
        Assert.Equal("at the laptop", Assert.Single(bob.Roster).Status);
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "F9")]
    public async Task A_device_is_told_what_its_user_shows_elsewhere_and_sees_itself_in_no_roster(ServerKind kind, MessageFormat format)
    {
        var account = AccountAt(kind, "alice");
        await using var phone = await account.ConnectAsync(format);
        await using var laptop = await account.ConnectAsync(format);
        await using var own = laptop.OwnChanges.GetAsyncEnumerator();

        Assert.Empty(await laptop.FollowAsync([phone.UserId!.Value], [phone.Username!]));
        await phone.SetStatusAsync("one");
        await phone.SetStatusAsync("two");
        await phone.EraseStatusAsync();

        foreach (var (old, now) in new[] { (null, "one"), ("one", "two"), ("two", null) })
            AssertChange(phone, old, now, await NextAsync(own));
        Assert.Empty(laptop.Roster);
        Assert.Null(laptop.Status);
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "F7")]
    public async Task After_an_unfollow_nothing_is_told_and_another_follow_begins_at_the_present(ServerKind kind, MessageFormat format)
    {
        await using var alice = await ConnectAsync(kind, format, "alice");
        await using var carol = await ConnectAsync(kind, format, "carol");
        await using var bob = await ConnectAsync(kind, format, "bob");
        await using var changes = bob.Changes.GetAsyncEnumerator();
        await bob.FollowAsync([carol.UserId!.Value], [alice.Username!]);
        await alice.SetStatusAsync("one");
        AssertChange(alice, null, "one", await NextAsync(changes));

        await bob.UnfollowAsync([alice.UserId!.Value]);
        Assert.Empty(bob.Roster);
        await ShowAsync(alice, "two");
        await carol.SetStatusAsync("here");
        AssertChange(carol, null, "here", await NextAsync(changes));

        Assert.Equal("two", Assert.Single(await bob.FollowAsync([alice.UserId!.Value])).Status);
        await alice.SetStatusAsync("three");
        AssertChange(alice, "two", "three", await NextAsync(changes));
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "S2")]
    public async Task A_status_that_is_too_long_is_refused_and_the_one_before_it_stays(ServerKind kind, MessageFormat format)
    {
        var account = AccountAt(kind, "alice");
        await using var alice = await account.ConnectAsync(format);
        await using var bob = await ConnectAsync(kind, format, "bob");
        await ShowAsync(alice, "old");

        // The first the server refuses; the second it would not even read, so the library does.
        foreach (var length in (int[])[2049, 5000])
        {
            var refusal = await Assert.ThrowsAsync<PresenceRequestException>(() => alice.SetStatusAsync(new string('x', length)));
            Assert.Equal(PresenceRequestException.BadInput, refusal.Code);
        }

        Assert.Equal("old", alice.Status);
        Assert.Equal("old", Assert.Single(await bob.FollowAsync([alice.UserId!.Value])).Status);
        Assert.Equal(1, account.Tokens);
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "S2")]
    public async Task Any_text_is_told_as_it_was_shown(ServerKind kind, MessageFormat format)
    {
        await using var alice = await ConnectAsync(kind, format, "alice");
        await using var bob = await ConnectAsync(kind, format, "bob");
        await using var changes = bob.Changes.GetAsyncEnumerator();
        await bob.FollowAsync([alice.UserId!.Value]);
        string? last = null;
        foreach (var text in (string[])["", " ", "\"\\/{}\r\n\t", "\0\u001f\u007f", "Älice 😀 \u2028", new string('ä', 1024)])
        {
            await alice.SetStatusAsync(text);
            AssertChange(alice, last, text, await NextAsync(changes));
            last = text;
        }
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "A1")]
    public async Task A_token_that_is_refused_twice_ends_the_client(ServerKind kind, MessageFormat format)
    {
        var asked = 0;
        var e = await Assert.ThrowsAsync<PresenceConnectionException>(() => PresenceClient.ConnectAsync(new PresenceClientOptions
        {
            Server = AccountAt(kind, "nobody").Options(format).Server,
            Format = format,
            TokenProvider = (_, _) =>
            {
                asked++;
                return new ValueTask<string>("nonsense");
            },
        }).WaitAsync(Clients.Patience));
        Assert.Equal((DisconnectReason.TokenRefused, 2), (e.Reason, asked));
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    public async Task However_much_is_asked_for_at_once_the_connection_stays(ServerKind kind, MessageFormat format)
    {
        var account = AccountAt(kind, "bob");
        await using var bob = await account.ConnectAsync(format);
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(_ => bob.UnfollowAsync([Guid.NewGuid()]))).WaitAsync(Clients.Patience);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => bob.FollowAsync([Guid.NewGuid()]))).WaitAsync(Clients.Patience);
        Assert.Equal(1, account.Tokens);
        Assert.True(bob.State.IsConnected);
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "E2")]
    public async Task A_link_that_breaks_is_made_again_and_what_has_changed_is_told_before_it_is_connected(ServerKind kind, MessageFormat format)
    {
        foreach (var ending in Enum.GetValues<Ending>())
        {
            await using var wire = await WireToAsync(kind, _ => Fault.None);
            await using var alice = await ConnectAsync(kind, format, "alice");
            await using var carol = await ConnectAsync(kind, format, "carol");
            await using var same = await ConnectAsync(kind, format, "same");
            var late = AccountAt(kind, "late");
            using var gate = new SemaphoreSlim(1);
            var account = AccountAt(kind, "bob");
            var options = account.Options(
                format,
                Through(wire),
                async cancel =>
                {
                    await gate.WaitAsync(cancel);
                    gate.Release();
                },
                ending == Ending.Silence ? TimeSpan.FromSeconds(2) : null);
            await using var bob = await PresenceClient.ConnectAsync(options).WaitAsync(Clients.Patience);
            foreach (var one in (PresenceClient[])[alice, carol, same, bob])
                await ShowAsync(one, "old");
            await using var seen = alice.Changes.GetAsyncEnumerator();
            await alice.FollowAsync([carol.UserId!.Value]);
            Assert.Equal(3, (await bob.FollowAsync([alice.UserId!.Value, same.UserId!.Value], [carol.Username!, late.Username])).Count);
            await using var told = bob.Subscribe();

            await gate.WaitAsync();
            wire.CutAll(ending);
            await bob.UntilAsync(s => s.Phase == ConnectionPhase.Reconnecting);
            Assert.False(bob.Roster.IsCurrent);
            Assert.Equal(3, bob.Roster.Count);
            await ShowAsync(alice, "new");
            await carol.DisposeAsync();
            AssertChange(carol, "old", null, await NextAsync(seen));
            await using var latecomer = await late.ConnectAsync(format);
            await ShowAsync(latecomer, "come");
            gate.Release();
            await bob.UntilAsync(s => s.IsConnected);

            var changes = new List<StatusChange>();
            while (told.TryTake(out var change))
                changes.Add(change);
            Assert.Equal(3, changes.Count);
            AssertChange(alice, "old", "new", changes.Single(c => c.UserId == alice.UserId));
            AssertChange(carol, "old", null, changes.Single(c => c.UserId == carol.UserId));
            AssertChange(latecomer, null, "come", changes.Single(c => c.UserId == latecomer.UserId));
            Assert.Equal(Names(alice, latecomer, same), bob.Roster.Select(p => p.Username).Order());
            Assert.True(bob.Roster.IsCurrent);
            Assert.Equal((2, "old"), (account.Tokens, bob.Status));
            Assert.Contains(await alice.FollowAsync([bob.UserId!.Value]), p => p.Status == "old");
        }
    }

    [Theory]
    [ClassData(typeof(EveryServer))]
    [Trait("Clause", "E3")]
    public async Task However_often_the_link_breaks_the_changes_are_a_chain_and_end_with_what_is_shown(ServerKind kind, MessageFormat format)
    {
        const int Cuts = 20;
        var random = new Random();
        await using var wire = await WireToAsync(
            kind, connection => connection < Cuts ? new Fault { Down = random.Next(4000), Ending = random.Next(2) == 0 ? Ending.Reset : Ending.Finish } : Fault.None);
        await using var alice = await ConnectAsync(kind, format, "alice");
        await using var bob = PresenceClient.Start(AccountAt(kind, "bob").Options(format, Through(wire)));
        await using var told = bob.Subscribe();
        var follow = bob.FollowAsync(usernames: [alice.Username!]);
        for (var i = 0; wire.Cut < Cuts; i++)
        {
            await alice.SetStatusAsync($"{i}");
            // Enough for a link to be cut soon, and not more than is read.
            await Task.Delay(2);
        }

        var last = (await follow.WaitAsync(Clients.Patience)).ToDictionary(p => p.SessionId, p => (string?)p.Status);
        await alice.SetStatusAsync("last");
        await Until.TrueAsync(() => bob.Roster.Select(p => p.Status).SequenceEqual(["last"]), "the last status", describe: () => $"{bob.State}");
        while (told.TryTake(out var change))
        {
            Assert.Equal(last.GetValueOrDefault(change.SessionId), change.Old);
            last[change.SessionId] = change.New;
        }

        Assert.Equal(["last"], last.Values.OfType<string>());
    }

    private static void AssertChange(PresenceClient of, string? old, string? now, StatusChange change) =>
        Assert.Equal((of.UserId, of.Username, old, now), (change.UserId, change.Username, change.Old, change.New));

    private static async Task<StatusChange> NextAsync(IAsyncEnumerator<StatusChange> changes)
    {
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Clients.Patience));
        return changes.Current;
    }

    /// <summary>
    /// Shows it, and returns when the client was told of that itself: Nakama's events come late, and who follows from then on is told
    /// of none that was before.
    /// </summary>
    private static async Task ShowAsync(PresenceClient client, string status)
    {
        await using var own = client.OwnChanges.GetAsyncEnumerator();
        await client.SetStatusAsync(status);
        while ((await NextAsync(own)).New != status)
        {
            // What it showed before, or another of its devices.
        }
    }

    private static IEnumerable<string> Names(params PresenceClient[] clients) => clients.Select(c => c.Username!).Order();

    private static Uri Through(FaultyWire wire) => new($"ws://{wire.Address}");

    private Uri AddressOf(ServerKind kind) => kind == ServerKind.Nakama ? EveryServer.Nakama! : server.Http;

    private Account AccountAt(ServerKind kind, string name) => new(AddressOf(kind), name);

    private Task<PresenceClient> ConnectAsync(ServerKind kind, MessageFormat format, string name) => AccountAt(kind, name).ConnectAsync(format);

    private async Task<FaultyWire> WireToAsync(ServerKind kind, Func<int, Fault> faults)
    {
        var server = AddressOf(kind);
        return new FaultyWire(new IPEndPoint((await Dns.GetHostAddressesAsync(server.DnsSafeHost))[0], server.Port), faults);
    }
}
