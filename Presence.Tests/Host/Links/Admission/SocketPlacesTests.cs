using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Telemetry;
using Presence.Host.Configuration;
using Presence.Host.Links.Admission;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Host.Links.Admission;

/// <summary>Which sockets are counted, refused, and closed in favour of others.</summary>
[Trait("Clause", "L4")]
public sealed class SocketPlacesTests : IDisposable
{
    private static readonly PlaceBounds Four = new(4, 0, 3, 0, TimeSpan.FromSeconds(10));
    private static readonly IPAddress A = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress B = IPAddress.Parse("10.0.0.2");

    private readonly FakeTimeProvider _time = new();
    private readonly Meter _meter = new("test");
    private readonly List<SocketPlaces> _made = [];

    [Theory]
    [InlineData(null, "Takes at most 100 connections, 50 of one address (loopback: any number), 75 of them not authenticated; the limit of open files is 500.")]
    [InlineData(7, "Takes at most 100 connections, 7 of one address, 75 of them not authenticated; the limit of open files is 500.")]
    [InlineData(0, "Takes at most 100 connections, any number of one address, 75 of them not authenticated; the limit of open files is 500.")]
    public void The_bounds_are_told(int? perAddress, string line)
    {
        var log = new BoundsLog();
        SocketPlaces.TellBounds(log, PlaceBounds.Of(new LimitSettings { ConnectionsPerAddress = perAddress }, files: 100), files: 500);
        Assert.Equal([line], log.Lines);
    }

    [Fact]
    public void A_socket_counts_until_it_is_closed_and_once()
    {
        var places = New(Four);
        var (first, _) = Take(places);
        var (second, _) = Take(places);
        Assert.Equal((2, 2), (places.Count, places.Handshakes));
        first.HasSent();
        first.Establish();
        Assert.Equal((2, 1), (places.Count, places.Handshakes));
        first.Rest();
        first.Establish();
        first.Dispose();
        first.Dispose();
        second.Dispose();
        first.Rest();
        Assert.Equal((0, 0), (places.Count, places.Handshakes));
    }

    [Fact]
    [Trait("Clause", "L5")]
    public void Beyond_the_bound_a_socket_is_refused_and_counted_and_those_that_are_there_stay()
    {
        using var counts = RefusalCounts.Of(_meter);
        var places = New(Four);
        var owners = Enumerable.Range(0, 4).Select(_ => Established(places)).ToArray();
        Assert.Null(places.TryTake(null, isScarce: false, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.Connections), limit);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(places.TryTake(null, isScarce: false, out _));
        Assert.Equal(2, counts["connections"]);
        Assert.All(owners, owner => Assert.Empty(owner.Owner.Ends));
        owners[2].Place.Dispose();
        Assert.NotNull(places.TryTake(null, isScarce: false, out limit));
        Assert.Null(limit);
    }

    [Fact]
    public void Where_hardly_any_descriptor_is_left_a_socket_is_refused_below_the_bound()
    {
        var places = New(Four);
        Established(places);
        Assert.Null(places.TryTake(null, isScarce: true, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.Connections), limit);
    }

    [Fact]
    public void The_socket_that_has_been_silent_for_longest_makes_room_for_a_new_one()
    {
        using var counts = RefusalCounts.Of(_meter);
        var places = New(Four);
        var sending = Take(places);
        sending.Place.HasSent();
        var first = Take(places);
        var second = Take(places);
        // Nobody has had the time to send anything yet.
        Assert.Null(places.TryTake(null, isScarce: false, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.Handshakes), limit);
        _time.Advance(TimeSpan.FromSeconds(1));

        var third = Take(places);

        Assert.Equal([PlaceEnd.Displaced], first.Owner.Ends);
        Assert.Empty(second.Owner.Ends);
        Assert.Empty(sending.Owner.Ends);
        Assert.Equal((4, 3), (places.Count, places.Handshakes));
        Assert.Equal(2, counts["handshakes"]);
        first.Place.Dispose();
        second.Place.Dispose();
        third.Place.Dispose();
        sending.Place.Dispose();
        Assert.Equal((0, 0), (places.Count, places.Handshakes));
    }

    [Fact]
    public void Only_a_few_are_on_their_way_out_at_one_time()
    {
        var places = New(Four);
        var silent = Enumerable.Range(0, 3).Select(_ => Take(places)).ToArray();
        _time.Advance(TimeSpan.FromSeconds(2));
        Take(places);
        // The bounds are small: one at a time.
        Assert.Null(places.TryTake(null, isScarce: false, out _));
        silent[0].Place.Dispose();
        Take(places);
        Assert.Equal([PlaceEnd.Displaced], silent[1].Owner.Ends);
    }

    [Fact]
    public void A_connection_between_two_requests_makes_room_but_only_for_want_of_sockets()
    {
        var places = New(Four);
        var resting = Established(places);
        resting.Place.Rest();
        var busy = Established(places);
        busy.Place.Rest();
        busy.Place.Establish();
        var silent = Enumerable.Range(0, 2).Select(_ => Established(places)).ToArray();
        _time.Advance(TimeSpan.FromSeconds(1));

        var (_, late) = Take(places);

        Assert.Equal([PlaceEnd.Displaced], resting.Owner.Ends);
        Assert.Empty(busy.Owner.Ends);
        Assert.All(silent, each => Assert.Empty(each.Owner.Ends));
        Assert.Empty(late.Ends);
    }

    [Fact]
    public void A_socket_that_sends_slowly_makes_room_after_half_of_its_time()
    {
        var places = New(Four);
        var slow = Enumerable.Range(0, 3).Select(_ => Take(places)).ToArray();
        foreach (var (place, _) in slow)
            place.HasSent();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Null(places.TryTake(null, isScarce: false, out _));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Take(places);
        Assert.Equal([PlaceEnd.Displaced], slow[0].Owner.Ends);
    }

    [Fact]
    public void A_socket_without_an_authenticated_client_is_told_to_close_once_its_time_is_over()
    {
        using var counts = RefusalCounts.Of(_meter);
        var places = New(Four with { Sockets = 1000, Handshakes = 1000 });
        var late = Enumerable.Range(0, 300).Select(_ => Take(places)).ToArray();
        foreach (var (place, _) in late.Take(150))
            place.HasSent();
        var link = Established(places);
        _time.Advance(TimeSpan.FromSeconds(5));
        var next = Take(places);
        Assert.All(late, each => Assert.Empty(each.Owner.Ends));
        for (var tick = 0; tick < 40; tick++)
            _time.Advance(TimeSpan.FromMilliseconds(145));
        // They are told a few at a time.
        for (var slice = 0; slice < 20; slice++)
            _time.Advance(TimeSpan.FromMilliseconds(5));

        Assert.All(late, each => Assert.Equal([PlaceEnd.Late], each.Owner.Ends));
        Assert.Empty(link.Owner.Ends);
        Assert.Empty(next.Owner.Ends);
        Assert.Equal(300, counts["authenticate_timeout"]);
        // They count until they are closed.
        Assert.Equal(302, places.Count);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([PlaceEnd.Late], next.Owner.Ends);
    }

    [Fact]
    public void A_new_owner_is_told_what_the_one_before_was_told()
    {
        var places = New(Four);
        var (place, first) = Take(places);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal([PlaceEnd.Late], first.Ends);
        var second = new Owner();
        place.PassTo(second);
        Assert.Equal([PlaceEnd.Late], second.Ends);
    }

    [Fact]
    public void A_client_that_has_authenticated_a_moment_before_it_was_to_go_stays()
    {
        var places = New(Four);
        var lucky = Take(places);
        Take(places);
        Take(places);
        _time.Advance(TimeSpan.FromSeconds(2));
        Take(places);
        Assert.Equal([PlaceEnd.Displaced], lucky.Owner.Ends);
        lucky.Place.Establish();
        Assert.Equal((4, 3), (places.Count, places.Handshakes));
        var second = new Owner();
        lucky.Place.PassTo(second);
        Assert.Empty(second.Ends);
        // It takes a place of its own again.
        lucky.Place.Dispose();
        Assert.Equal((3, 3), (places.Count, places.Handshakes));
    }

    [Fact]
    public void The_sockets_of_an_address_are_bounded_by_themselves()
    {
        using var counts = RefusalCounts.Of(_meter);
        var places = New(new(100, 3, 100, 2, TimeSpan.FromSeconds(10)));
        var first = Established(places, A);
        Take(places, A);
        var second = Take(places, A);
        Assert.Null(places.TryTake(A, isScarce: false, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.ConnectionsPerAddress), limit);
        Take(places, B);
        first.Place.Dispose();
        Assert.Null(places.TryTake(A, isScarce: false, out limit));
        Assert.Equal(Refusals.NameOf(Limit.HandshakesPerAddress), limit);
        second.Place.Establish();
        Assert.NotNull(places.TryTake(A, isScarce: false, out _));
        Assert.Equal((1, 1), (counts["connections_per_address"], counts["handshakes_per_address"]));
        // What is not known cannot be counted.
        Assert.NotNull(places.TryTake(null, isScarce: false, out _));
    }

    [Fact]
    public void By_default_an_address_has_half_of_all_sockets_and_loopback_is_exempt()
    {
        using var counts = RefusalCounts.Of(_meter);
        var places = New(PlaceBounds.Of(new LimitSettings(), files: 9));
        for (var taken = 0; taken < 4; taken++)
            Established(places, A);

        Assert.Null(places.TryTake(A, isScarce: false, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.ConnectionsPerAddress), limit);
        foreach (var loopback in (string[])["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "127.0.0.1"])
            Established(places, IPAddress.Parse(loopback));
        Assert.Null(places.TryTake(B, isScarce: false, out limit));
        Assert.Equal(Refusals.NameOf(Limit.Connections), limit);
        Assert.Equal((1, 1), (counts["connections_per_address"], counts["connections"]));
    }

    [Fact]
    public void Five_of_loopback_are_more_than_half_and_exempt_unless_a_number_is_given()
    {
        var byDefault = New(PlaceBounds.Of(new LimitSettings(), files: 8));
        var given = New(PlaceBounds.Of(new LimitSettings { ConnectionsPerAddress = 4 }, files: 8));
        foreach (var places in (SocketPlaces[])[byDefault, given])
        {
            for (var taken = 0; taken < 4; taken++)
                Established(places, IPAddress.Loopback);
        }

        Assert.NotNull(byDefault.TryTake(IPAddress.Loopback, isScarce: false, out _));
        Assert.Null(given.TryTake(IPAddress.Loopback, isScarce: false, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.ConnectionsPerAddress), limit);
    }

    /// <summary>A client of IPv6 has a whole network to choose addresses from.</summary>
    [Fact]
    public void An_address_of_IPv6_counts_as_its_network()
    {
        var places = New(new(100, 2, 100, 0, TimeSpan.FromSeconds(10)));
        Take(places, IPAddress.Parse("2001:db8:0:1::1"));
        Take(places, IPAddress.Parse("2001:db8:0:1:ffff::2"));

        Assert.Null(places.TryTake(IPAddress.Parse("2001:db8:0:1::3"), isScarce: false, out var limit));
        Assert.Equal(Refusals.NameOf(Limit.ConnectionsPerAddress), limit);
        Assert.NotNull(places.TryTake(IPAddress.Parse("2001:db8:0:2::1"), isScarce: false, out _));
    }

    [Theory]
    [InlineData(null, 0, 1000, 500)]
    [InlineData(null, 0, null, 0)]
    [InlineData(null, 300, 1000, 150)]
    [InlineData(null, 1, null, 1)]
    [InlineData(0, 0, 1000, 0)]
    [InlineData(900, 0, 1000, 900)]
    public void The_bound_of_an_address_is_the_setting_or_half_of_what_there_is(int? setting, int connections, int? files, int expected)
    {
        var bounds = PlaceBounds.Of(new LimitSettings { ConnectionsPerAddress = setting, Connections = connections }, files);
        Assert.Equal((expected, setting is null), (bounds.SocketsPerAddress, bounds.ExemptsLoopback));
    }

    [Fact]
    public void Whatever_is_done_in_any_order_the_counts_come_back_to_nothing()
    {
        var random = new Random(7);
        var places = New(new(20, 8, 12, 5, TimeSpan.FromSeconds(10)));
        var live = new List<SocketPlace>();
        for (var step = 0; step < 20_000; step++)
        {
            if (live.Count > 0 && random.Next(3) != 0)
            {
                var at = random.Next(live.Count);
                switch (random.Next(5))
                {
                    case 0:
                        live[at].HasSent();
                        break;
                    case 1:
                        live[at].Establish();
                        break;
                    case 2:
                        live[at].Establish();
                        live[at].Rest();
                        break;
                    default:
                        live[at].Dispose();
                        live.RemoveAt(at);
                        break;
                }
            }
            else if (places.TryTake(random.Next(2) == 0 ? A : B, random.Next(100) == 0, out _) is { } place)
            {
                place.PassTo(new Closer(place, live));
                live.Add(place);
            }

            Assert.Equal(live.Count, places.Count);
            Assert.InRange(places.Handshakes, 0, 12);
            Assert.InRange(places.Count, 0, 20 + places.Bounds.Displaced);
            if (random.Next(20) == 0)
                _time.Advance(TimeSpan.FromMilliseconds(random.Next(1500)));
        }

        foreach (var place in live.ToArray())
            place.Dispose();
        Assert.Equal((0, 0), (places.Count, places.Handshakes));
    }

    [Theory]
    [InlineData(0, 0, 19_000, 19_000, 14_250)]
    [InlineData(0, 100, 19_000, 19_000, 100)]
    [InlineData(20, 0, 19_000, 20, 15)]
    [InlineData(20, 100, 19_000, 20, 20)]
    [InlineData(30_000, 0, 19_000, 19_000, 14_250)]
    [InlineData(1, 0, null, 1, 1)]
    [InlineData(0, 0, null, int.MaxValue, 1_610_612_736)]
    public void The_bounds_are_those_of_the_settings_and_of_the_files(int connections, int handshakes, int? files, int sockets, int inFlight)
    {
        var bounds = PlaceBounds.Of(new LimitSettings { Connections = connections, Handshakes = handshakes }, files);
        Assert.Equal((sockets, inFlight), (bounds.Sockets, bounds.Handshakes));
        Assert.InRange(bounds.Displaced, 1, FileLimit.MostDisplaced);
    }

    public void Dispose()
    {
        foreach (var places in _made)
            places.Dispose();
        _meter.Dispose();
    }

    private SocketPlaces New(PlaceBounds bounds)
    {
        var places = new SocketPlaces(() => bounds, new Refusals(_meter), _time);
        _made.Add(places);
        return places;
    }

    private static (SocketPlace Place, Owner Owner) Take(SocketPlaces places, IPAddress? address = null)
    {
        var place = places.TryTake(address, isScarce: false, out _);
        Assert.NotNull(place);
        var owner = new Owner();
        place.PassTo(owner);
        return (place, owner);
    }

    private static (SocketPlace Place, Owner Owner) Established(SocketPlaces places, IPAddress? address = null)
    {
        var taken = Take(places, address);
        taken.Place.HasSent();
        taken.Place.Establish();
        return taken;
    }

    private sealed class Owner : IPlaceOwner
    {
        public List<PlaceEnd> Ends { get; } = [];

        public void Close(PlaceEnd reason) => Ends.Add(reason);
    }

    /// <summary>Closes at once.</summary>
    private sealed class Closer(SocketPlace place, List<SocketPlace> live) : IPlaceOwner
    {
        public void Close(PlaceEnd reason)
        {
            live.Remove(place);
            place.Dispose();
        }
    }

    private sealed class BoundsLog : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
