using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Presence.Client;
using Presence.Client.Reconnecting;
using Xunit;

namespace Presence.Tests.Client.Reconnecting;

/// <summary>Whether and when a client tries again.</summary>
public sealed class RetriesTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Waits_double_from_the_first_to_the_longest()
    {
        var backoff = new Backoff(new ReconnectPolicy { FirstDelay = TimeSpan.FromSeconds(1), MaxDelay = TimeSpan.FromSeconds(10) }, () => 0);
        Assert.Equal([1, 2, 4, 8, 10, 10], Enumerable.Range(0, 6).Select(_ => backoff.Next(TimeSpan.Zero)!.Value.TotalSeconds));
    }

    [Fact]
    public void Chance_shortens_a_wait_by_up_to_a_half() =>
        Gen.Select(Gen.Double[0, 0.999999], Gen.Int[0, 100], Gen.Int[0, 5000], Gen.Int[0, 60_000]).Sample((chance, attempts, first, most) =>
        {
            var backoff = new Backoff(
                new ReconnectPolicy { FirstDelay = TimeSpan.FromMilliseconds(first), MaxDelay = TimeSpan.FromMilliseconds(most) }, () => chance);
            TimeSpan? wait = null;
            for (var i = 0; i <= attempts; i++)
                wait = backoff.Next(TimeSpan.Zero);
            var longest = Math.Min(most, first * Math.Pow(2, attempts));
            Assert.InRange(wait!.Value.TotalMilliseconds, longest / 2 - 1, longest + 1);
        });

    [Fact]
    public void A_connection_that_lasted_longer_than_the_wait_for_it_starts_the_waits_anew()
    {
        var backoff = new Backoff(new ReconnectPolicy { FirstDelay = TimeSpan.FromSeconds(1) }, () => 0);
        backoff.Next(TimeSpan.Zero);
        backoff.Next(TimeSpan.Zero);
        backoff.Lasted(TimeSpan.FromSeconds(2));
        Assert.Equal(4, backoff.Next(TimeSpan.Zero)!.Value.TotalSeconds);
        backoff.Lasted(TimeSpan.FromSeconds(4.1));
        Assert.Equal(1, backoff.Next(TimeSpan.Zero)!.Value.TotalSeconds);
    }

    [Fact]
    public void It_gives_up_when_it_was_without_a_connection_for_too_long()
    {
        var retries = New(new ReconnectPolicy { GiveUpAfter = TimeSpan.FromMinutes(1) });
        Assert.Equal(ConnectionPhase.Reconnecting, retries.Next(Error(DisconnectReason.Lost), TimeSpan.FromHours(1)).Phase);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(retries.Next(Error(DisconnectReason.Unavailable), null).RetryIn);
        _clock.Advance(TimeSpan.FromSeconds(1));
        var end = retries.Next(Error(DisconnectReason.Unavailable), null);
        Assert.Equal((ConnectionPhase.Closed, DisconnectReason.Unavailable), (end.Phase, end.Reason!.Value));
    }

    [Fact]
    public void Without_a_policy_the_first_loss_is_the_end() =>
        Assert.Equal(ConnectionPhase.Closed, New(ReconnectPolicy.None).Next(Error(DisconnectReason.Lost), TimeSpan.FromHours(1)).Phase);

    [Fact]
    public void The_first_attempt_is_repeated_only_for_the_patient()
    {
        Assert.Equal(ConnectionPhase.Closed, New(new ReconnectPolicy(), isPatient: false).Next(Error(DisconnectReason.Unavailable), null).Phase);
        Assert.Equal(ConnectionPhase.Connecting, New(new ReconnectPolicy()).Next(Error(DisconnectReason.Unavailable), null).Phase);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Clause", "A1")]
    public void The_second_token_that_is_refused_in_a_row_is_the_last(bool isPatient)
    {
        var retries = New(new ReconnectPolicy(), isPatient);
        Assert.Equal(TimeSpan.Zero, retries.Next(Error(DisconnectReason.TokenRefused), null).RetryIn);
        Assert.Equal(ConnectionPhase.Closed, retries.Next(Error(DisconnectReason.TokenRefused), null).Phase);
    }

    [Fact]
    [Trait("Clause", "A1")]
    public void Refusals_with_something_between_them_are_not_in_a_row()
    {
        var retries = New(new ReconnectPolicy());
        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(retries.Next(Error(DisconnectReason.TokenRefused), null).RetryIn);
            Assert.NotNull(retries.Next(Error(DisconnectReason.Lost), TimeSpan.FromSeconds(1)).RetryIn);
        }
    }

    [Theory]
    [InlineData(DisconnectReason.Replaced, false)]
    [InlineData(DisconnectReason.Banned, false)]
    [InlineData(DisconnectReason.Lost, true)]
    [InlineData(DisconnectReason.Silent, true)]
    [InlineData(DisconnectReason.ServerRestart, true)]
    [InlineData(DisconnectReason.ServerError, true)]
    [InlineData(DisconnectReason.TokenExpired, true)]
    [InlineData(DisconnectReason.TokenRevoked, true)]
    [InlineData(DisconnectReason.TokenUnavailable, true)]
    [InlineData(DisconnectReason.ProtocolViolation, true)]
    [InlineData(DisconnectReason.RestoreRefused, true)]
    [Trait("Clause", "C3")]
    public void Some_ends_are_final(DisconnectReason reason, bool triesAgain) =>
        Assert.Equal(triesAgain, New(new ReconnectPolicy()).Next(Error(reason), TimeSpan.FromHours(1)).RetryIn is not null);

    [Fact]
    [Trait("Clause", "C4")]
    public void A_token_that_has_lived_its_time_is_replaced_without_a_wait()
    {
        var retries = New(new ReconnectPolicy { FirstDelay = TimeSpan.FromSeconds(1) });
        Assert.Equal(TimeSpan.Zero, retries.Next(Error(DisconnectReason.TokenExpired), TimeSpan.FromSeconds(1)).RetryIn);
        Assert.Equal(TimeSpan.Zero, retries.Next(Error(DisconnectReason.TokenExpired), TimeSpan.FromHours(1)).RetryIn);
        // Those that have hardly lived are no way to hammer at a server; the attempt without a wait counts as the first.
        Assert.Equal(2, retries.Next(Error(DisconnectReason.TokenExpired), TimeSpan.FromSeconds(0.9)).RetryIn!.Value.TotalSeconds);
        Assert.Equal(4, retries.Next(Error(DisconnectReason.TokenExpired), TimeSpan.FromSeconds(0.9)).RetryIn!.Value.TotalSeconds);
        Assert.Equal(ConnectionPhase.Closed, New(ReconnectPolicy.None).Next(Error(DisconnectReason.TokenExpired), TimeSpan.FromHours(1)).Phase);
    }

    [Fact]
    [Trait("Clause", "C3")]
    public void A_server_may_ask_for_a_longer_wait_and_not_for_a_shorter_one()
    {
        var retries = New(new ReconnectPolicy { FirstDelay = TimeSpan.FromSeconds(2), MaxDelay = TimeSpan.FromSeconds(2), GiveUpAfter = TimeSpan.FromMinutes(1) });
        Assert.Equal(TimeSpan.FromSeconds(2), retries.Next(Refusal(seconds: 1), null).RetryIn);
        Assert.Equal(TimeSpan.FromSeconds(15), retries.Next(Refusal(seconds: 15), null).RetryIn);
        Assert.Equal(TimeSpan.FromMinutes(5), retries.Next(Refusal(seconds: 100_000), null).RetryIn);
        Assert.Equal(TimeSpan.FromSeconds(2), retries.Next(Error(DisconnectReason.Unavailable), null).RetryIn);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ConnectionPhase.Closed, retries.Next(Refusal(seconds: 15), null).Phase);
    }

    [Fact]
    public void Times_that_no_timer_takes_are_refused()
    {
        var longest = TimeSpan.FromMilliseconds(int.MaxValue);
        var options = new PresenceClientOptions(new Uri("ws://nowhere"), (_, _) => default)
        {
            ConnectTimeout = longest,
            RequestTimeout = longest,
            PingInterval = longest,
            PingTimeout = longest,
            Reconnect = new ReconnectPolicy { FirstDelay = longest, MaxDelay = longest },
        };
        Assert.Equal(longest, options.ConnectTimeout);
        var above = longest + TimeSpan.FromMilliseconds(1);
        foreach (var time in (TimeSpan[])[above, TimeSpan.MaxValue, Timeout.InfiniteTimeSpan])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new PresenceClientOptions(options.Server, options.TokenProvider) { ConnectTimeout = time });
            Assert.Throws<ArgumentOutOfRangeException>(() => new PresenceClientOptions(options.Server, options.TokenProvider) { RequestTimeout = time });
            Assert.Throws<ArgumentOutOfRangeException>(() => new PresenceClientOptions(options.Server, options.TokenProvider) { PingInterval = time });
            Assert.Throws<ArgumentOutOfRangeException>(() => new PresenceClientOptions(options.Server, options.TokenProvider) { PingTimeout = time });
            Assert.Throws<ArgumentOutOfRangeException>(() => new ReconnectPolicy { FirstDelay = time });
            Assert.Throws<ArgumentOutOfRangeException>(() => new ReconnectPolicy { MaxDelay = time });
        }
    }

    private Retries New(ReconnectPolicy policy, bool isPatient = true) => new(policy, isPatient, _clock, () => 0);

    private static PresenceConnectionException Refusal(int seconds) =>
        new(DisconnectReason.Unavailable, "for a test") { RetryAfter = TimeSpan.FromSeconds(seconds) };

    private static PresenceConnectionException Error(DisconnectReason reason) => new(reason, "for a test");
}
