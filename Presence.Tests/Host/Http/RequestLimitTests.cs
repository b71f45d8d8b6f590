using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Presence.Actors.Telemetry;
using Presence.Host.Http;
using Presence.Tests.Telemetry;
using Xunit;

namespace Presence.Tests.Host.Http;

/// <summary>How many requests and logins one address may have (contract L4).</summary>
[Trait("Clause", "L4")]
public sealed class RequestLimitTests
{
    [Fact]
    public async Task Requests_beyond_the_limit_are_refused_and_the_health_of_the_node_is_told_all_the_same()
    {
        await using var host = await ApiHost.StartAsync(("Presence:Limits:HttpRequestsPerAddress", "3"));
        using var counts = CountsOf(host);
        var refused = 0;
        // More tokens come every second; a slow machine needs more requests.
        while (refused < 5)
        {
            var answer = await host.SendAsync("GET", "/");
            if (answer.Status == 200)
                continue;
            Assert.Equal((429, 8), answer.Error);
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
            Assert.Equal(++refused, counts["http_requests_per_address"]);
            Assert.Equal(200, (await host.SendAsync("GET", "/healthcheck")).Status);
        }

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while ((await host.SendAsync("GET", "/")).Status != 200)
            await Task.Delay(50, patience.Token);
    }

    [Fact]
    public async Task Logins_beyond_the_limit_are_refused_and_other_requests_are_not()
    {
        await using var host = await ApiHost.StartAsync(("Presence:Limits:LoginsPerAddress", "2"));
        using var counts = CountsOf(host);
        foreach (var path in (string[])["/v2/account/authenticate/device", "/v2/account/authenticate/custom", "/v2/account/session/refresh"])
        {
            var before = counts["logins_per_address"];
            Answer answer;
            while ((answer = await host.PostAsync(path, ApiHost.ServerKey, """{"id":"device-0123456789"}""")).Status != 429)
            {
            }

            Assert.Equal((429, 8), answer.Error);
            Assert.Equal(before + 1, counts["logins_per_address"]);
            Assert.Equal(401, (await host.SendAsync("GET", "/v2/account")).Status);
        }

        Assert.Equal(0, counts["http_requests_per_address"]);
    }

    [Fact]
    public async Task Questions_about_more_users_than_the_node_takes_are_refused_until_others_are_answered()
    {
        await using var host = await ApiHost.StartAsync(("Presence:Limits:UserQueries", "1000"));
        using var counts = CountsOf(host);
        var (token, _) = await host.LoginAsync();
        var held = new TaskCompletionSource();
        var asked = new TaskCompletionSource();
        host.Lookup.Instead = () =>
        {
            asked.TrySetResult();
            return held.Task;
        };
        var most = string.Join('&', Enumerable.Repeat("usernames=a", 1000));
        var first = host.SendAsync("GET", $"/v2/user?{most}", $"Bearer {token}");
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));

        foreach (var path in (string[])["/v2/user?usernames=a", "/v2/account"])
        {
            var refused = await host.SendAsync("GET", path, $"Bearer {token}");
            Assert.Equal((503, 14), refused.Error);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 5, 30);
        }

        Assert.Equal(2, counts["user_queries"]);
        held.SetResult();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(200, (await host.SendAsync("GET", "/v2/user?usernames=a", $"Bearer {token}")).Status);
    }

    [Fact]
    public void One_address_does_not_use_up_what_another_may()
    {
        using var limit = new AddressLimit(2, NeverReplenished);

        Assert.True(limit.TryTake(IPAddress.Parse("10.0.0.1")));
        Assert.True(limit.TryTake(IPAddress.Parse("::ffff:10.0.0.1")));
        Assert.False(limit.TryTake(IPAddress.Parse("10.0.0.1")));
        Assert.True(limit.TryTake(IPAddress.Parse("10.0.0.2")));
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8::1")));
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8::ffff:1")));
        Assert.False(limit.TryTake(IPAddress.Parse("2001:db8::2")));
        Assert.True(limit.TryTake(IPAddress.Parse("2001:db8:0:1::1")));
        Assert.True(limit.TryTake(null));
    }

    [Fact]
    public void A_limit_of_zero_is_none()
    {
        using var limit = new AddressLimit(0);
        Assert.All(Enumerable.Range(0, 10_000), _ => Assert.True(limit.TryTake(IPAddress.Loopback)));
    }

    [Fact]
    public async Task What_is_known_of_an_address_is_dropped_when_it_sends_no_more()
    {
        const int addresses = 100_000;
        var buckets = new List<WeakReference>(addresses);
        using var limit = new AddressLimit(100, options =>
        {
            var bucket = new TokenBucketRateLimiter(options);
            buckets.Add(new WeakReference(bucket));
            return bucket;
        });
        for (var i = 0; i < addresses; i++)
            Assert.True(limit.TryTake(new IPAddress(i + 1L)));
        Assert.Equal(addresses, buckets.Count);

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            GC.Collect();
            if (buckets.Count(bucket => bucket.IsAlive) < addresses / 100)
                break;
            await Task.Delay(500, patience.Token);
        }
    }

    private static TokenBucketRateLimiter NeverReplenished(TokenBucketRateLimiterOptions options) => new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = options.TokenLimit,
        TokensPerPeriod = options.TokensPerPeriod,
        ReplenishmentPeriod = TimeSpan.FromHours(1),
        QueueLimit = 0,
        AutoReplenishment = false,
    });

    private static RefusalCounts CountsOf(ApiHost host) =>
        RefusalCounts.Of(host.Services.GetRequiredService<IMeterFactory>().Create(Refusals.MeterName));
}
