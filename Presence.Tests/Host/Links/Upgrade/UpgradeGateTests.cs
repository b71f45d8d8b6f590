using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Presence.Actors.Connections;
using Presence.Actors.Limits;
using Presence.Actors.Telemetry;
using Presence.Host.Auth;
using Presence.Host.Configuration;
using Presence.Host.Http;
using Presence.Host.Links;
using Presence.Host.Links.Admission;
using Presence.Host.Links.Upgrade;
using Presence.Host.Load;
using Presence.Tests.Host.Auth;
using Presence.Tests.Host.Load;
using Presence.Tests.Semantics.Clients;
using Xunit;

namespace Presence.Tests.Host.Links.Upgrade;

/// <summary>The decision by itself; what it looks like on the wire is in <see cref="UpgradeTests"/>.</summary>
[Trait("Clause", "A1")]
public sealed class UpgradeGateTests : IDisposable
{
    private readonly Identity _alice = Peers.IdentityOf(Peers.NewUser(), "alice");
    private readonly IOptions<PresenceOptions> _options = TestOptions.With();
    private readonly LinkAdmission _admission;
    private readonly TokenValidator _tokens;
    private readonly FixedLoad _load = new();
    private readonly ReplacedLogins _replaced = new(TimeSpan.FromSeconds(15), capacity: 100, new FakeTimeProvider());
    private readonly UserLinks _users;
    private readonly UpgradeGate _gate;

    public UpgradeGateTests()
    {
        _options.Value.Limits.AllowedOrigins = ["https://here.example"];
        _options.Value.Limits.ConnectionsPerUser = 1;
        _admission = new();
        _users = new(_options, new Refusals(), _replaced);
        _tokens = new(_options, new Revocations(_options, TimeProvider.System), TimeProvider.System, NullLogger<TokenValidator>.Instance);
        _gate = new(_tokens, _admission, new AllowedOrigins(_options), _users, new LoadShedding(_load, new Refusals()));
    }

    private UpgradeRequest Good => new()
    {
        Format = "protobuf",
        Token = Tokens.Sign(_alice),
        Status = "true",
        Connection = "Upgrade",
        Upgrade = "websocket",
        Version = "13",
        Key = "dGhlIHNhbXBsZSBub25jZQ==",
        Address = IPAddress.Loopback,
    };

    [Fact]
    public void A_good_request_is_accepted_with_all_that_the_link_needs()
    {
        var accepted = Assert.IsType<UpgradeOutcome.Accepted>(Decide(Good));
        Assert.Equal(
            (_alice.User, WireFormat.Protobuf, true, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", null),
            (accepted.Identity.User, accepted.Format, accepted.AppearsOnline, accepted.Accept, accepted.SubProtocol));
        var bearer = Good with { Token = default, Protocols = new(["bearer", Tokens.Sign(_alice)]), Status = "no" };
        accepted = Assert.IsType<UpgradeOutcome.Accepted>(Decide(bearer));
        Assert.Equal(("bearer", false), (accepted.SubProtocol, accepted.AppearsOnline));
    }

    [Fact]
    public void Each_check_comes_before_the_next()
    {
        var request = Good with { Format = "xml", Token = "x", Version = "8", Origin = "https://elsewhere.example" };
        Assert.Equal(new UpgradeOutcome.Refused(400, "Invalid format parameter"), Decide(request));
        request = request with { Format = "" };
        Assert.Equal(new UpgradeOutcome.Refused(401, "Missing or invalid token"), Decide(request));
        request = request with { Token = Good.Token };
        Assert.Equal(new UpgradeOutcome.Refused(400, "Bad Request", ("Sec-WebSocket-Version", "13")), Decide(request));
        request = request with { Version = "13" };
        Assert.Equal(new UpgradeOutcome.Refused(400, "Bad Request", ("Sec-WebSocket-Version", "13")), Decide(request with { IsUpgradable = false }));
        Assert.Equal(new UpgradeOutcome.Refused(403, "Origin not allowed"), Decide(request));
        request = request with { Origin = "https://here.example" };
        Assert.IsType<UpgradeOutcome.Accepted>(Decide(request));
        _admission.Close();
        Assert.Equal(new UpgradeOutcome.Refused(503, "Service restart", ("Retry-After", "1")), Decide(request));
    }

    [Fact]
    [Trait("Clause", "L5")]
    public void A_client_that_asks_for_it_is_refused_by_a_close_frame()
    {
        var request = Good with { Errors = "close" };
        Assert.IsType<UpgradeOutcome.Accepted>(Decide(request));
        Assert.Equal(ClosedWith(4401, "Missing or invalid token"), Decide(request with { Token = "x" }));

        _replaced.Note(_alice);
        _replaced.Note(_alice);
        _replaced.Note(_alice);
        Assert.Equal(
            ClosedWith(4429, "Replaced too often by newer connections; try again in 2 s") with { Limit = Limit.ReplacedLogins }, Decide(request));
        Assert.True(_users.TryEnter(_alice.User));
        Assert.Equal(
            ClosedWith(4429, "Too many connections of this user; try again in 5 s") with { Limit = Limit.ConnectionsPerUser }, Decide(request));

        _admission.Close();
        Assert.Equal(ClosedWith(4503, "Service restart; try again in 1 s"), Decide(request));

        _load.Level = LoadLevel.Overloaded;
        var overloaded = Assert.IsType<UpgradeOutcome.Closed>(Decide(request));
        Assert.Equal((4503, Limit.Overload), ((int)overloaded.Reason.Code, overloaded.Limit!.Value));
        Assert.Matches("^Overloaded; try again in [0-9]+ s$", overloaded.Reason.Text);
    }

    [Fact]
    [Trait("Clause", "L3")]
    public void What_cannot_become_a_WebSocket_is_refused_as_ever()
    {
        var request = Good with { Errors = "close", Token = "x" };
        Assert.Equal(new UpgradeOutcome.Refused(400, "Invalid format parameter"), Decide(request with { Format = "xml" }));
        var refused = new UpgradeOutcome.Refused(401, "Missing or invalid token");
        Assert.Equal(refused, Decide(request with { Version = "8" }));
        Assert.Equal(refused, Decide(request with { IsUpgradable = false }));
        Assert.Equal(refused, Decide(request with { Origin = "https://elsewhere.example" }));
        Assert.Equal(refused, Decide(request with { Errors = "CLOSE" }));
        Assert.Equal(refused, Decide(request with { Errors = default }));
        Assert.Equal(new UpgradeOutcome.Refused(403, "Origin not allowed"), Decide(Good with { Errors = "close", Origin = "https://elsewhere.example" }));
    }

    [Fact]
    public void A_browser_that_brings_its_token_as_a_sub_protocol_gets_it_selected_in_a_refusal_too()
    {
        var request = Good with { Errors = "close", Token = default, Protocols = new(["bearer", "x"]) };
        Assert.Equal("bearer", Assert.IsType<UpgradeOutcome.Closed>(Decide(request)).SubProtocol);
    }

    [Fact]
    [Trait("Clause", "L4")]
    public void A_user_with_as_many_links_as_it_may_have_gets_no_other()
    {
        Assert.True(_users.TryEnter(_alice.User));
        var refused = Assert.IsType<UpgradeOutcome.Refused>(Decide(Good));
        Assert.Equal((429, Limit.ConnectionsPerUser), (refused.Status, refused.Limit));

        _users.Leave(_alice.User);
        Assert.IsType<UpgradeOutcome.Accepted>(Decide(Good));
    }

    [Fact]
    [Trait("Clause", "L4")]
    public void A_login_that_was_replaced_repeatedly_is_told_when_to_come_back()
    {
        _replaced.Note(_alice);
        Assert.IsType<UpgradeOutcome.Accepted>(Decide(Good));

        _replaced.Note(_alice);
        _replaced.Note(_alice);
        Assert.Equal(
            new UpgradeOutcome.Refused(429, "Replaced too often by newer connections", ("Retry-After", "2")) { Limit = Limit.ReplacedLogins },
            Decide(Good));
    }

    [Fact]
    [Trait("Clause", "L5")]
    public void An_overloaded_node_accepts_nobody_whatever_the_token()
    {
        _load.Level = LoadLevel.Overloaded;
        foreach (var request in (UpgradeRequest[])[Good, Good with { Token = "x" }])
        {
            var refused = Assert.IsType<UpgradeOutcome.Refused>(Decide(request));
            Assert.Equal((503, "Overloaded", Limit.Overload, "Retry-After"), (refused.Status, refused.Text, refused.Limit, refused.Header!.Value.Name));
            Assert.InRange(int.Parse(refused.Header.Value.Value, CultureInfo.InvariantCulture), 5, 30);
        }

        _load.Level = LoadLevel.Busy;
        Assert.IsType<UpgradeOutcome.Accepted>(Decide(Good));
    }

    public void Dispose() => _tokens.Dispose();

    private static UpgradeOutcome.Closed ClosedWith(ushort code, string text) =>
        new(WireFormat.Protobuf, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", null, new CloseReason(code, text));

    /// <summary>An event loop does not wait: with keys that are configured, the decision is there at once.</summary>
    private UpgradeOutcome Decide(UpgradeRequest request)
    {
        var decision = _gate.DecideAsync(request).AsTask();
        Assert.True(decision.IsCompletedSuccessfully);
        return decision.Result;
    }
}
