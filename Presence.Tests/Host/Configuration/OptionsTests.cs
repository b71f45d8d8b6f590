using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Presence.Host.Configuration;
using Xunit;

namespace Presence.Tests.Host.Configuration;

public sealed class OptionsTests
{
    /// <summary>What Production needs at least.</summary>
    private static readonly (string Key, string? Value)[] Production =
        [("ServerKey", "our server key"), ("Session:SigningKey", SigningKey)];

    private const string SigningKey = "our signing key of at least 32 bytes";
    private const string OtherKey = "another key, and of at least 32 bytes";

    [Fact]
    [Trait("Clause", "A3")]
    public void Development_needs_no_configuration()
    {
        var options = Read("Development");

        Assert.Equal("defaultkey", options.ServerKey);
        Assert.Equal("defaultencryptionkey", options.Session.SigningKey);
        Assert.Equal("defaultrefreshencryptionkey", options.Session.RefreshSigningKey);
        Assert.True(options.Session.AllowMinting);
        Assert.Equal(("0.0.0.0", 7350), (options.Http.Address, options.Http.Port));
        Assert.Equal(("0.0.0.0", 7352), (options.Tcp.Address, options.Tcp.Port));
        Assert.Equal(("127.0.0.1", 0), (options.Cluster.Hostname, options.Cluster.Port));
        Assert.Equal(TimeSpan.FromHours(24), options.Session.TokenLifetime);
        Assert.Equal(TimeSpan.FromDays(30), options.Session.RefreshTokenLifetime);
        Assert.True(options.Session.CloseOnExpiry);
        Assert.True(options.Session.CloseOnRevocation);
        Assert.False(options.Session.SingleSocket);
        Assert.Equal((65536, 10_000, 262_144), (options.Limits.MessageBytes, options.Limits.Follows, options.Limits.RequestBodyBytes));
        Assert.Equal((TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(15)), (options.Limits.PongWait, options.Limits.PingPeriod));
    }

    [Fact]
    [Trait("Clause", "A3")]
    public void Production_mints_nothing_unless_told()
    {
        Assert.NotEqual(true, Read("Production", Production).Session.AllowMinting);
        Assert.True(Read("Production", [.. Production, ("Session:RefreshSigningKey", OtherKey), ("Session:AllowMinting", "true")]).Session.AllowMinting);
        Assert.False(Read("Development", ("Session:AllowMinting", "false")).Session.AllowMinting);
    }

    [Fact]
    public void Every_setting_can_be_set()
    {
        using var rsa = RSA.Create(2048);
        var options = Read("Production",
            ("ServerKey", "sk"), ("Http:Address", "::1"), ("Http:Port", "0"), ("Tcp:Address", "127.0.0.2"), ("Tcp:Port", "-1"),
            ("Session:SigningKey", SigningKey), ("Session:RefreshSigningKey", OtherKey), ("Session:PreviousSigningKeys:0", $"{OtherKey}, the former"),
            ("Session:Claims:UserId", "uid,user"), ("Session:Claims:Username", "nick, usn"), ("Session:Claims:TokenId", "tid"),
            ("Session:ClockSkew", "00:00:15"), ("Session:RefusalLogLevel", "Information"), ("Limits:Revocations", "16"), ("Limits:RevocationsPerUser", "17"),
            ("Session:PublicKeys:0", rsa.ExportSubjectPublicKeyInfoPem()), ("Session:JwksUrl", "https://issuer.example/keys"),
            ("Session:Issuer", "i"), ("Session:Audience", "au"), ("Session:TokenLifetime", "00:10:00"),
            ("Session:RefreshTokenLifetime", "7.00:00:00"), ("Session:CloseOnExpiry", "false"), ("Session:CloseOnRevocation", "false"),
            ("Session:SingleSocket", "true"), ("Session:AllowMinting", "true"),
            ("Limits:MessageBytes", "4096"), ("Limits:Follows", "5"), ("Limits:AuthenticateTimeout", "00:00:03"),
            ("Limits:PongWait", "00:00:05"), ("Limits:PingPeriod", "00:00:02"), ("Limits:IdleWrite", "00:00:07"),
            ("Limits:Connections", "8"), ("Limits:ConnectionsPerAddress", "9"), ("Limits:RequestBodyBytes", "2048"),
            ("Limits:Handshakes", "6"), ("Limits:HandshakesPerAddress", "7"), ("Limits:IdleHttp", "00:00:13"),
            ("Limits:ReplacedLoginWait", "00:00:14"), ("Limits:ReplacedLogins", "150"),
            ("Limits:AllowedOrigins:0", "https://game.example"), ("Limits:AllowedOrigins:1", "http://localhost:8080"),
            ("Limits:AllowedOrigins:2", "capacitor://localhost"), ("Limits:AllowedOrigins:3", "null"),
            ("Cluster:Hostname", "node1.example"), ("Cluster:Port", "7354"), ("Cluster:Seeds:0", "node1.example:7354"),
            ("Cluster:Seeds:1", "akka.tcp://other@10.0.0.2:7354"), ("Cluster:Roles:0", "edge"), ("Cluster:Name", "other"),
            ("Cluster:MinimumMembers", "3"), ("Cluster:JoinTimeout", "00:02:00"), ("Session:ExpiryNotice", "00:00:11"), ("Stop:DrainTime", "00:00:12"),
            ("Cluster:BindAddress", "0.0.0.0"), ("Cluster:BindPort", "17354"), ("Cluster:AllowPlaintext", "true"));

        Assert.Equal("sk", options.ServerKey);
        Assert.Equal(("::1", 0), (options.Http.Address, options.Http.Port));
        Assert.Equal(("127.0.0.2", -1), (options.Tcp.Address, options.Tcp.Port));
        var session = options.Session;
        Assert.Equal((SigningKey, OtherKey, $"{OtherKey}, the former"), (session.SigningKey, session.RefreshSigningKey, session.PreviousSigningKeys.Single()));
        Assert.Equal(("https://issuer.example/keys", "i", "au"), (session.JwksUrl, session.Issuer, session.Audience));
        Assert.Single(session.PublicKeys);
        Assert.Equal(("uid,user", "nick, usn", "tid"), (session.Claims.UserId, session.Claims.Username, session.Claims.TokenId));
        Assert.Equal((TimeSpan.FromSeconds(15), LogLevel.Information), (session.ClockSkew, session.RefusalLogLevel));
        Assert.Equal((16, 17), (options.Limits.Revocations, options.Limits.RevocationsPerUser));
        Assert.Equal((TimeSpan.FromMinutes(10), TimeSpan.FromDays(7)), (session.TokenLifetime, session.RefreshTokenLifetime));
        Assert.Equal((false, false, true, true), (session.CloseOnExpiry, session.CloseOnRevocation, session.SingleSocket, session.AllowMinting == true));
        var limits = options.Limits;
        Assert.Equal((4096, 5, 8, 9, 2048),
            (limits.MessageBytes, limits.Follows, limits.Connections, limits.ConnectionsPerAddress, limits.RequestBodyBytes));
        Assert.Equal((6, 7), (limits.Handshakes, limits.HandshakesPerAddress));
        Assert.Equal((TimeSpan.FromSeconds(14), 150), (limits.ReplacedLoginWait, limits.ReplacedLogins));
        Assert.Equal([3, 5, 2, 7, 13],
            new[] { limits.AuthenticateTimeout, limits.PongWait, limits.PingPeriod, limits.IdleWrite, limits.IdleHttp }.Select(span => span.TotalSeconds));
        Assert.Equal((3, TimeSpan.FromMinutes(2)), (options.Cluster.Minimum, options.Cluster.JoinTimeout));
        Assert.Equal((TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(12)), (session.ExpiryNotice, options.Stop.Drain));
        Assert.Equal(["https://game.example", "http://localhost:8080", "capacitor://localhost", "null"], limits.AllowedOrigins);
        Assert.Equal(("node1.example", 7354, "other"), (options.Cluster.Hostname, options.Cluster.Port, options.Cluster.Name));
        Assert.Equal(("0.0.0.0", 17354, true), (options.Cluster.BindAddress, options.Cluster.BindPort, options.Cluster.AllowPlaintext));
        Assert.Equal(["node1.example:7354", "akka.tcp://other@10.0.0.2:7354"], options.Cluster.Seeds);
        Assert.Equal(["akka.tcp://other@node1.example:7354", "akka.tcp://other@10.0.0.2:7354"], options.Cluster.SeedAddresses);
        Assert.Equal(["edge"], options.Cluster.Roles);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 3)]
    [Trait("Clause", "K4")]
    public void A_cluster_begins_with_the_majority_of_its_seeds(int seeds, int minimum) => Assert.Equal(
        minimum, Read("Development", [.. Enumerable.Range(0, seeds).Select(i => ($"Cluster:Seeds:{i}", (string?)$"node{i}.example:7354"))]).Cluster.Minimum);

    [Fact]
    [Trait("Clause", "C5")]
    public void A_stop_takes_its_time_outside_Development()
    {
        Assert.Equal(TimeSpan.Zero, Read("Development").Stop.Drain);
        Assert.Equal(TimeSpan.FromSeconds(3), Read("Development", ("Stop:DrainTime", "00:00:03")).Stop.Drain);
        Assert.Equal(TimeSpan.FromSeconds(10), Read("Production", Production).Stop.Drain);
        Assert.Equal(TimeSpan.Zero, Read("Production", [.. Production, ("Stop:DrainTime", "00:00:00")]).Stop.Drain);
    }

    [Fact]
    [Trait("Clause", "A2")]
    public void Public_keys_or_an_issuers_url_make_the_secret_unnecessary()
    {
        Assert.Null(Read("Production", ("ServerKey", "sk"), ("Session:JwksUrl", "https://issuer.example/keys")).Session.SigningKey);
        Assert.Null(Read("Production", ("ServerKey", "sk"), ("Session:Authority", "https://issuer.example")).Session.SigningKey);
    }

    /// <summary>What is configured in Development beside nothing else; the key that is blamed; a part of the reason.</summary>
    public static TheoryData<string, string?, string, string> Wrong => new()
    {
        { "Http:Port", "70000", "Presence:Http:Port", "1 to 65535" },
        { "Http:Port", "-1", "Presence:Http:Port", "1 to 65535" },
        { "Http:Port", "http", "Presence:Http:Port", "whole number" },
        { "Http:Port", "7350.5", "Presence:Http:Port", "whole number" },
        { "Http:Port", "", "Presence:Http:Port", "whole number" },
        { "Http:Port", "99999999999", "Presence:Http:Port", "whole number" },
        { "Http:Address", "everywhere", "Presence:Http:Address", "IP address" },
        { "Http:Address", "localhost", "Presence:Http:Address", "127.0.0.1" },
        { "Http:Certificate:Path", "/no/such/file.pfx", "Presence:Http:Certificate:Path", "cannot be loaded" },
        { "Http:Certificate:KeyPath", "key.pem", "Presence:Http:Certificate:Path", "missing" },
        { "Tcp:Port", "-2", "Presence:Tcp:Port", "-1 for none" },
        { "Tcp:Port", "7350", "Presence:Tcp:Port", "so is Presence:Http:Port" },
        { "Tcp:Address", "", "Presence:Tcp:Address", "IP address" },
        { "Tcp:Certificate:Password", "x", "Presence:Tcp:Certificate:Path", "missing" },
        { "ServerKey", "", "Presence:ServerKey", "missing" },
        { "ServerKey", "a:b", "Presence:ServerKey", "colon" },
        { "Session:SigningKey", "", "Presence:Session:SigningKey", "missing" },
        { "Session:RefreshSigningKey", "", "Presence:Session:RefreshSigningKey", "missing" },
        { "Session:RefreshSigningKey", "defaultencryptionkey", "Presence:Session:RefreshSigningKey", "same as SigningKey" },
        { "Session:PreviousSigningKeys:0", "defaultrefreshencryptionkey", "Presence:Session:PreviousSigningKeys:0", "same as RefreshSigningKey" },
        { "Session:PreviousSigningKeys:0", "", "Presence:Session:PreviousSigningKeys:0", "empty" },
        { "Session:PreviousSigningKeys", "old", "Presence:Session:PreviousSigningKeys", "list" },
        { "Session:PublicKeys:0", "/no/such/file.pem", "Presence:Session:PublicKeys:0", "cannot be read" },
        // An Ed448 key, as long as one is.
        { "Session:PublicKeys:0", $"-----BEGIN PUBLIC KEY-----\\nMEMwBQYDK2VxAzoA{new string('A', 76)}\\n-----END PUBLIC KEY-----", "Presence:Session:PublicKeys:0", "Ed448" },
        { "Session:Claims:UserId", "", "Presence:Session:Claims:UserId", "name of a claim" },
        { "Session:Claims:UserId", "sub", "Presence:Session:Claims:UserId", "the claim uid" },
        { "Session:Claims:Username", "nick,,usn", "Presence:Session:Claims:Username", "name of a claim" },
        { "Session:Claims:Username", "nick", "Presence:Session:Claims:Username", "the claim usn" },
        { "Session:Claims:TokenId", "jti", "Presence:Session:Claims:TokenId", "the claim tid" },
        { "Session:Claims:Name", "usn", "Presence:Session:Claims:Name", "not a key" },
        { "Session:ClockSkew", "-00:00:01", "Presence:Session:ClockSkew", "zero to 01:00:00" },
        { "Session:ClockSkew", "60", "Presence:Session:ClockSkew", "zero to 01:00:00" },
        { "Session:RefusalLogLevel", "loud", "Presence:Session:RefusalLogLevel", "trace or debug" },
        { "Limits:Revocations", "0", "Presence:Limits:Revocations", "1 to" },
        { "Limits:RevocationsPerUser", "0", "Presence:Limits:RevocationsPerUser", "1 to" },
        { "Session:TokenLifetime", "00:00:00", "Presence:Session:TokenLifetime", "above zero" },
        { "Session:TokenLifetime", "-00:00:01", "Presence:Session:TokenLifetime", "above zero" },
        { "Session:TokenLifetime", "soon", "Presence:Session:TokenLifetime", "time span" },
        { "Session:RefreshTokenLifetime", "10000.00:00:00", "Presence:Session:RefreshTokenLifetime", "at most" },
        { "Session:Authority", "issuer.example", "Presence:Session:Authority", "https://" },
        { "Session:JwksUrl", "ftp://issuer.example", "Presence:Session:JwksUrl", "https://" },
        { "Session:CloseOnExpiry", "yes", "Presence:Session:CloseOnExpiry", "true or false" },
        { "Session:AllowMinting", "maybe", "Presence:Session:AllowMinting", "true or false" },
        { "Limits:MessageBytes", "-1", "Presence:Limits:MessageBytes", "4096" },
        { "Limits:Follows", "0", "Presence:Limits:Follows", "1 to" },
        { "Limits:AuthenticateTimeout", "00:00:00", "Presence:Limits:AuthenticateTimeout", "above zero" },
        { "Limits:PongWait", "00:00:15", "Presence:Limits:PongWait", "above PingPeriod" },
        { "Limits:PongWait", "25", "Presence:Limits:PongWait", "days" },
        { "Limits:PingPeriod", "00:00:30", "Presence:Limits:PongWait", "above PingPeriod" },
        { "Limits:PingPeriod", "-00:00:01", "Presence:Limits:PingPeriod", "above zero" },
        { "Limits:IdleWrite", "02:00:00", "Presence:Limits:IdleWrite", "at most" },
        { "Limits:Connections", "-1", "Presence:Limits:Connections", "0 to" },
        { "Limits:ConnectionsPerAddress", "-5", "Presence:Limits:ConnectionsPerAddress", "0 to" },
        { "Limits:Handshakes", "-1", "Presence:Limits:Handshakes", "0 to" },
        { "Limits:HandshakesPerAddress", "-1", "Presence:Limits:HandshakesPerAddress", "0 to" },
        { "Limits:IdleHttp", "00:00:00", "Presence:Limits:IdleHttp", "above zero" },
        { "Limits:ReplacedLoginWait", "-00:00:01", "Presence:Limits:ReplacedLoginWait", "zero to 01:00:00" },
        { "Limits:ReplacedLogins", "99", "Presence:Limits:ReplacedLogins", "100 to" },
        { "Limits:RequestBodyBytes", "0", "Presence:Limits:RequestBodyBytes", "1024" },
        { "Limits:AllowedOrigins", "https://game.example", "Presence:Limits:AllowedOrigins", "Presence:Limits:AllowedOrigins:0" },
        { "Limits:AllowedOrigins:0", "game.example", "Presence:Limits:AllowedOrigins:0", "https://game.example" },
        { "Limits:AllowedOrigins:0", "https://game.example/", "Presence:Limits:AllowedOrigins:0", "https://game.example" },
        { "Limits:AllowedOrigins:0", "capacitor:localhost", "Presence:Limits:AllowedOrigins:0", "capacitor://localhost" },
        { "Limits:AllowedOrigins:0", "*", "Presence:Limits:AllowedOrigins:0", "https://game.example" },
        { "Limits:AllowedOrigins:0:Host", "x", "Presence:Limits:AllowedOrigins:0", "text" },
        { "Cluster:Hostname", "node:1", "Presence:Cluster:Hostname", "host name" },
        { "Cluster:Hostname", "", "Presence:Cluster:Hostname", "host name" },
        { "Cluster:Port", "65536", "Presence:Cluster:Port", "1 to 65535" },
        { "Cluster:BindAddress", "everywhere", "Presence:Cluster:BindAddress", "IP address" },
        { "Cluster:BindPort", "0", "Presence:Cluster:BindPort", "1 to 65535" },
        { "Cluster:BindPort", "65536", "Presence:Cluster:BindPort", "1 to 65535" },
        { "Cluster:BindPort", "any", "Presence:Cluster:BindPort", "whole number" },
        { "Cluster:BindPort", "7354", "Presence:Cluster:BindPort", "Port is not set" },
        { "Cluster:Authorities:0", "/no/such/file.pem", "Presence:Cluster:Authorities:0", "cannot be loaded" },
        { "Cluster:Certificate:Password", "x", "Presence:Cluster:Certificate:Path", "missing" },
        { "Cluster:Seeds:0", "akka.ssl.tcp://presence@node1:1", "Presence:Cluster:Seeds:0", "akka.tcp://presence@" },
        { "Cluster:Seeds:0", "node1", "Presence:Cluster:Seeds:0", "node1.example:7354" },
        { "Cluster:Seeds:0", "akka.tcp://elsewhere@node1:1", "Presence:Cluster:Seeds:0", "akka.tcp://presence@" },
        { "Cluster:Roles:0", " ", "Presence:Cluster:Roles:0", "empty" },
        { "Cluster:Name", "my cluster", "Presence:Cluster:Name", "letters" },
        { "Cluster:MinimumMembers", "-1", "Presence:Cluster:MinimumMembers", "0 to" },
        { "Cluster:MinimumMembers", "2", "Presence:Cluster:MinimumMembers", "no Seeds" },
        { "Cluster:JoinTimeout", "00:00:00", "Presence:Cluster:JoinTimeout", "above zero" },
        { "Session:ExpiryNotice", "30", "Presence:Session:ExpiryNotice", "zero to 01:00:00" },
        { "Stop:DrainTime", "-00:00:01", "Presence:Stop:DrainTime", "zero to 01:00:00" },
        { "Stop:DrainTime", "01:00:01", "Presence:Stop:DrainTime", "zero to 01:00:00" },
        { "Http:Prot", "7350", "Presence:Http:Prot", "not a key" },
        { "Limit:Follows", "5", "Presence:Limit", "not a key" },
        { "Http", "7350", "Presence:Http", "section" },
        { "Http:Port:Number", "7350", "Presence:Http:Port", "section" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_wrong_value_is_refused_in_one_line_that_names_its_key(string key, string? value, string blamed, string reason)
    {
        var line = Refusal("Development", (key, value));

        Assert.Contains($"{blamed} ", line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.DoesNotContain(" | ", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    /// <summary>What is configured on top of what Production needs; the key that is blamed; a part of the reason.</summary>
    public static TheoryData<string, string?, string, string> WrongInProduction => new()
    {
        { "ServerKey", null, "Presence:ServerKey", "missing" },
        { "ServerKey", "defaultkey", "Presence:ServerKey", "well-known" },
        { "Session:SigningKey", null, "Presence:Session:SigningKey", "missing" },
        { "Session:SigningKey", "", "Presence:Session:SigningKey", "missing" },
        { "Session:SigningKey", "defaultencryptionkey", "Presence:Session:SigningKey", "well-known" },
        { "Session:SigningKey", "defaultrefreshencryptionkey", "Presence:Session:SigningKey", "well-known" },
        { "Session:SigningKey", "defaultkey", "Presence:Session:SigningKey", "well-known" },
        { "Session:RefreshSigningKey", "defaultrefreshencryptionkey", "Presence:Session:RefreshSigningKey", "well-known" },
        { "Session:RefreshSigningKey", SigningKey, "Presence:Session:RefreshSigningKey", "same as SigningKey" },
        { "ServerKey", "\u2026", "Presence:ServerKey", "placeholder" },
        { "ServerKey", "<your server key>", "Presence:ServerKey", "placeholder" },
        { "ServerKey", SigningKey, "Presence:Session:SigningKey", "same as Presence:ServerKey" },
        { "Session:SigningKey", "of 31 bytes, one too few, alas!", "Presence:Session:SigningKey", "has 31 bytes" },
        { "Session:SigningKey", "\u2026", "Presence:Session:SigningKey", "placeholder" },
        { "Session:SigningKey", "a key with an ellipsis, as in the README: \u2026", "Presence:Session:SigningKey", "placeholder" },
        { "Session:SigningKey", "${PRESENCE_SIGNING_KEY_OF_THE_TEMPLATE}", "Presence:Session:SigningKey", "placeholder" },
        { "Session:SigningKey", "$(cat /run/secrets/presence-signing-key)", "Presence:Session:SigningKey", "placeholder" },
        { "Session:SigningKey", "<a secret of at least 32 bytes, please>", "Presence:Session:SigningKey", "placeholder" },
        { "Session:SigningKey", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "Presence:Session:SigningKey", "placeholder" },
        { "Session:SigningKey", "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----", "Presence:Session:SigningKey", "PEM" },
        { "Session:SigningKey", "-----BEGIN RSA PRIVATE KEY-----\\nMIIEow==\\n-----END RSA PRIVATE KEY-----", "Presence:Session:SigningKey", "PEM" },
        { "Session:RefreshSigningKey", "short", "Presence:Session:RefreshSigningKey", "has 5 bytes" },
        { "Session:RefreshSigningKey", "our server key", "Presence:Session:RefreshSigningKey", "has 14 bytes" },
        { "Session:PreviousSigningKeys:0", "short", "Presence:Session:PreviousSigningKeys:0", "has 5 bytes" },
        { "Session:PreviousSigningKeys:0", SigningKey, "Presence:Session:PreviousSigningKeys:0", "same as Presence:Session:SigningKey" },
        { "Session:PreviousSigningKeys:0", "defaultencryptionkey", "Presence:Session:PreviousSigningKeys:0", "well-known" },
        { "Session:AllowMinting", "true", "Presence:Session:RefreshSigningKey", "missing" },
        { "Session:Authority", "http://issuer.example", "Presence:Session:Authority", "TLS" },
        { "Session:JwksUrl", "http://issuer.example/keys", "Presence:Session:JwksUrl", "TLS" },
    };

    [Theory]
    [Trait("Clause", "A3")]
    [MemberData(nameof(WrongInProduction))]
    public void Production_refuses_what_everybody_knows_and_what_is_missing(string key, string? value, string blamed, string reason)
    {
        foreach (var environment in (string[])["Production", "Staging"])
        {
            var line = Refusal(environment, [.. Production.Where(each => each.Key != key), (key, value)]);

            Assert.Contains($"{blamed} ", line, StringComparison.Ordinal);
            Assert.Contains(reason, line, StringComparison.Ordinal);
            Assert.DoesNotContain(" | ", line, StringComparison.Ordinal);
        }
    }

    /// <summary>Where the port between nodes is, and what of it reaches beyond this machine.</summary>
    [Theory]
    [InlineData("node1.example", null, "Presence:Cluster:Hostname is 'node1.example'")]
    [InlineData("10.0.0.7", null, "Presence:Cluster:Hostname is '10.0.0.7'")]
    [InlineData("node1.example", "0.0.0.0", "Presence:Cluster:BindAddress is '0.0.0.0'")]
    [InlineData("127.0.0.1", "::", "Presence:Cluster:BindAddress is '::'")]
    [Trait("Clause", "A4")]
    public void Outside_Development_nodes_talk_with_others_over_TLS_or_by_an_explicit_word(string hostname, string? address, string blamed)
    {
        (string, string?)[] open = [("Cluster:Hostname", hostname), ("Cluster:Port", "7354"), ("Cluster:BindAddress", address)];

        var line = Refusal("Production", [.. Production, .. open]);
        Assert.StartsWith("Presence cannot start: Presence:Cluster:Certificate:Path is missing, and ", line, StringComparison.Ordinal);
        Assert.Contains(blamed, line, StringComparison.Ordinal);
        Assert.Contains("Presence:Cluster:AllowPlaintext=true", line, StringComparison.Ordinal);
        Assert.DoesNotContain(" | ", line, StringComparison.Ordinal);

        Assert.True(Read("Production", [.. Production, .. open, ("Cluster:AllowPlaintext", "true")]).Cluster.AllowPlaintext);
        Read("Development", open);
    }

    [Theory]
    [InlineData("127.0.0.1", null)]
    [InlineData("127.3.2.1", null)]
    [InlineData("localhost", null)]
    [InlineData("::1", null)]
    [InlineData("node1.example", "127.0.0.1")]
    [Trait("Clause", "A4")]
    public void A_port_between_nodes_that_only_this_machine_reaches_needs_no_TLS(string hostname, string? address) =>
        Read("Production", [.. Production, ("Cluster:Hostname", hostname), ("Cluster:BindAddress", address)]);

    [Fact]
    public void All_faults_are_told_at_once_in_one_line()
    {
        var line = Refusal("Production", ("Http:Port", "-7"));

        Assert.Contains("Presence:Http:Port ", line, StringComparison.Ordinal);
        Assert.Contains("Presence:ServerKey ", line, StringComparison.Ordinal);
        Assert.Contains("Presence:Session:SigningKey ", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    /// <summary>One of each kind of fault that keeps a value from being read at all, with one that is out of bounds.</summary>
    [Fact]
    public void Values_of_a_wrong_type_do_not_hide_other_faults()
    {
        var line = Refusal("Production",
            ("Http:Port", "http"), ("Limits:PongWait", "soon"), ("Limits:Folows", "5"), ("Session:PreviousSigningKeys", "old"),
            ("Tcp:Address", "everywhere"), ("Session:SigningKey:0", "listed"));

        var faults = line["Presence cannot start: ".Length..].Split(" | ");
        Assert.Equal(
            ["Presence:Http:Port", "Presence:Limits:Folows", "Presence:Limits:PongWait", "Presence:ServerKey", "Presence:Session:PreviousSigningKeys",
                "Presence:Session:SigningKey", "Presence:Tcp:Address"],
            faults.Select(fault => fault.Split(' ')[0]).Order(StringComparer.Ordinal));
        Assert.Contains("Presence:Session:SigningKey is a section, but should be a value", faults);
    }

    [Fact]
    [Trait("Clause", "A5")]
    public void A_refusal_shows_no_secret()
    {
        var line = Refusal("Production",
            ("ServerKey", "top:secret"), ("Session:SigningKey", "hush-hush"), ("Session:RefreshSigningKey", "hush-hush"),
            ("Session:PreviousSigningKeys:0", "hush-hush"));

        Assert.DoesNotContain("secret", line.Replace("a secret of your own", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("hush", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_sources_of_published_keys_are_one_too_many()
    {
        var line = Refusal("Development", ("Session:Authority", "https://a.example"), ("Session:JwksUrl", "https://b.example"));

        Assert.Contains("Presence:Session:JwksUrl ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_may_leave_things_null_or_empty()
    {
        var json = """
            {"Presence":{"ServerKey":null,"Http":{"Port":1234,"Certificate":{"Path":null}},
             "Session":{"PreviousSigningKeys":[],"PublicKeys":null,"AllowMinting":null},"Limits":{"AllowedOrigins":[]},"Cluster":{"Seeds":null}}}
            """;
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json));
        var options = Read("Development", new ConfigurationBuilder().AddJsonStream(stream).Build());

        Assert.Equal(1234, options.Http.Port);
        Assert.Equal("defaultkey", options.ServerKey);
        Assert.Empty(options.Session.PublicKeys);
        Assert.Empty(options.Cluster.Seeds);
    }

    private static string Refusal(string environment, params (string Key, string? Value)[] settings)
    {
        var fault = Assert.Throws<OptionsValidationException>(() => Read(environment, settings));
        var (line, exitCode) = StartFault.Explain(fault)!.Value;
        Assert.StartsWith("Presence cannot start: ", line, StringComparison.Ordinal);
        Assert.Equal(78, exitCode);
        return line;
    }

    private static PresenceOptions Read(string environment, params (string Key, string? Value)[] settings) =>
        Read(environment, new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(each => KeyValuePair.Create($"Presence:{each.Key}", each.Value)))
            .Build());

    private static PresenceOptions Read(string environment, IConfiguration configuration)
    {
        using var services = new ServiceCollection()
            .AddPresenceOptions(configuration, new Surroundings(environment))
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<PresenceOptions>>().Value;
    }

    private sealed class Surroundings(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;

        public string ApplicationName { get; set; } = "Presence";

        public string ContentRootPath { get; set; } = "/";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
