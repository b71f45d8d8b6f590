using Presence.Host.Http;
using Presence.Host.Links;

namespace Presence.Host.Configuration;

/// <summary>What one client, or all of them, may take (contract L4).</summary>
internal sealed class LimitSettings
{
    /// <summary>The largest message from a client, in bytes.</summary>
    public int MessageBytes { get; set; } = 64 * 1024;

    /// <summary>How many users one connection may follow (contract F10).</summary>
    public int Follows { get; set; } = 10_000;

    /// <summary>How many users of one name a follow by that name may find; a name with more is ambiguous (contract F11).</summary>
    public int UsersPerName { get; set; } = 100;

    /// <summary>How long a client may take to say who it is: the request headers, or a TCP link's first message.</summary>
    public TimeSpan AuthenticateTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A link that gives no sign of life for this long has ended (contract C2).</summary>
    public TimeSpan PongWait { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>A link that is silent for this long is pinged; below the pong wait.</summary>
    public TimeSpan PingPeriod { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A link whose client acknowledges no byte of what waits for it for this long has ended (contract L1). A client's system
    /// acknowledges in steps of its receive buffer, often 128 KiB: one that reads 1 KB/s acknowledges once in about two minutes.
    /// </summary>
    public TimeSpan IdleWrite { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>How many messages one connection may send per second, in bursts of up to four seconds' worth; 0 sets no limit.</summary>
    public int MessagesPerSecond { get; set; } = 5000;

    /// <summary>How many bytes one connection may send per second, in bursts of up to four seconds' worth; 0 sets no limit.</summary>
    public int BytesPerSecond { get; set; } = 2 * 1024 * 1024;

    /// <summary>The shortest time between two session refreshes of one connection; zero sets no limit (contract L4).</summary>
    public TimeSpan RefreshInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How many bytes may wait for one link before its changes are merged and its requests wait.</summary>
    public int OutputBytes { get; set; } = 64 * 1024;

    /// <summary>
    /// How many bytes the answer to a follow may have; the rest of a longer one comes as events. 0 sets no limit. Below the receive buffer
    /// of the .NET SDK's default adapter, 256 KiB.
    /// </summary>
    public int ReplyBytes { get; set; } = 240_000;

    /// <summary>How many sockets of clients this node has, on all its ports; 0: as many as the limit of open files leaves room for.</summary>
    public int Connections { get; set; }

    /// <summary>
    /// How many sockets one client address may have on this node; 0 sets no limit. Null, the default: half of all sockets, and no limit for
    /// addresses of loopback, which proxies and load generators on the same machine have.
    /// </summary>
    public int? ConnectionsPerAddress { get; set; }

    /// <summary>How many sockets this node has whose client has not authenticated yet; 0: three quarters of all.</summary>
    public int Handshakes { get; set; }

    /// <summary>How many of them one client address may have; 0 sets no limit.</summary>
    public int HandshakesPerAddress { get; set; }

    /// <summary>How long an HTTP client may keep its connection open between two requests.</summary>
    public TimeSpan IdleHttp { get; set; } = TimeSpan.FromSeconds(75);

    /// <summary>The largest body of an HTTP request, in bytes: as sent (what frames its chunks included), and again unpacked.</summary>
    public int RequestBodyBytes { get; set; } = 256 * 1024;

    /// <summary>
    /// The origins whose pages may use the API and <c>/ws</c> (<see cref="Origin"/>), beside those of the server itself; empty allows all.
    /// </summary>
    public string[] AllowedOrigins { get; set; } = [];

    /// <summary>
    /// How many connections one user may have on this node. The upper bound keeps their statuses, of up to 2 KiB each, within one message
    /// between nodes.
    /// </summary>
    public int ConnectionsPerUser { get; set; } = 64;

    /// <summary>
    /// The longest time that a login must wait before it may connect again, after newer connections have replaced it repeatedly
    /// (<see cref="SessionSettings.SingleSocket"/>); zero: logins never wait.
    /// </summary>
    public TimeSpan ReplacedLoginWait { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How many replaced logins, and users of them, this node remembers; beyond it the oldest is forgotten.</summary>
    public int ReplacedLogins { get; set; } = 10_000;

    /// <summary>
    /// How many users per second the connections of one user may begin to follow, after ten times as many at once; more wait. 0 sets no
    /// limit.
    /// </summary>
    public int FollowsPerSecond { get; set; } = 2000;

    /// <summary>How many follows and unfollows of this node may wait at one time for an answer of the followed user's entity.</summary>
    public int FollowsInFlight { get; set; } = 64;

    /// <summary>
    /// How many entities per second the follows of this node may create, after twice as many at once; more wait. 0 sets no limit.
    /// </summary>
    public int NewEntitiesPerSecond { get; set; } = 2500;

    /// <summary>How many status updates of one user per second are told one by one; more are merged. 0 sets no limit.</summary>
    public int UpdatesPerSecond { get; set; } = 5000;

    /// <summary>How many HTTP requests per second one client address may send; 0 sets no limit.</summary>
    public int HttpRequestsPerAddress { get; set; } = 5000;

    /// <summary>How many logins per second, new and renewed, one client address may make over HTTP; 0 sets no limit.</summary>
    public int LoginsPerAddress { get; set; } = 2000;

    /// <summary>About how many users and names all HTTP requests of this node may ask at one time.</summary>
    public int UserQueries { get; set; } = 50_000;

    /// <summary>How many revoked logins, and users whose tokens were all revoked, are kept; at the bound a logout is refused (contract L4).</summary>
    public int Revocations { get; set; } = 1_000_000;

    /// <summary>How many of the revoked logins may be of one user.</summary>
    public int RevocationsPerUser { get; set; } = 1000;

    /// <summary>A node on whose event loops work waits for this long is overloaded (contract L5).</summary>
    public TimeSpan OverloadLag { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A node whose managed heap has this part of what it may have, in percent, is overloaded (contract L5).</summary>
    public int OverloadMemoryPercent { get; set; } = 80;

    internal IEnumerable<ConfigurationFault> Faults(string key)
    {
        IEnumerable<ConfigurationFault> faults =
        [
            // Room for the longest status with every byte escaped would be 12 KiB; 4 KiB is what the SDKs were made for.
            .. Rule.Between($"{key}:MessageBytes", MessageBytes, 4096, 16 * 1024 * 1024),
            .. Rule.Between($"{key}:Follows", Follows, 1, 1_000_000),
            .. Rule.Between($"{key}:UsersPerName", UsersPerName, 1, 10_000),
            .. Rule.Span($"{key}:AuthenticateTimeout", AuthenticateTimeout),
            .. Rule.Span($"{key}:PongWait", PongWait),
            .. Rule.Span($"{key}:PingPeriod", PingPeriod),
            .. Rule.Span($"{key}:IdleWrite", IdleWrite),
            .. Rule.Between($"{key}:MessagesPerSecond", MessagesPerSecond, 0, 1_000_000),
            .. Rule.Between($"{key}:BytesPerSecond", BytesPerSecond, 0, 1024 * 1024 * 1024),
            .. Rule.SpanOrNone($"{key}:RefreshInterval", RefreshInterval),
            .. Rule.Between($"{key}:OutputBytes", OutputBytes, 16 * 1024, 64 * 1024 * 1024),
            .. ReplyBytes == 0 ? [] : Rule.Between($"{key}:ReplyBytes", ReplyBytes, ReplySplitter.LeastBytes, 64 * 1024 * 1024),
            .. Rule.Between($"{key}:Connections", Connections, 0, int.MaxValue),
            .. Rule.Between($"{key}:ConnectionsPerAddress", ConnectionsPerAddress ?? 0, 0, int.MaxValue),
            .. Rule.Between($"{key}:Handshakes", Handshakes, 0, int.MaxValue),
            .. Rule.Between($"{key}:HandshakesPerAddress", HandshakesPerAddress, 0, int.MaxValue),
            .. Rule.Span($"{key}:IdleHttp", IdleHttp),
            .. Rule.Between($"{key}:RequestBodyBytes", RequestBodyBytes, 1024, 64 * 1024 * 1024),
            .. Rule.Between($"{key}:ConnectionsPerUser", ConnectionsPerUser, 1, 1000),
            .. Rule.SpanOrNone($"{key}:ReplacedLoginWait", ReplacedLoginWait),
            .. Rule.Between($"{key}:ReplacedLogins", ReplacedLogins, 100, 1_000_000),
            .. Rule.Between($"{key}:FollowsPerSecond", FollowsPerSecond, 0, 1_000_000),
            .. Rule.Between($"{key}:FollowsInFlight", FollowsInFlight, 1, 100_000),
            .. Rule.Between($"{key}:NewEntitiesPerSecond", NewEntitiesPerSecond, 0, 1_000_000),
            .. Rule.Between($"{key}:UpdatesPerSecond", UpdatesPerSecond, 0, 1_000_000),
            .. Rule.Between($"{key}:HttpRequestsPerAddress", HttpRequestsPerAddress, 0, 1_000_000),
            .. Rule.Between($"{key}:LoginsPerAddress", LoginsPerAddress, 0, 1_000_000),
            .. Rule.Between($"{key}:UserQueries", UserQueries, 1000, 10_000_000),
            .. Rule.Between($"{key}:Revocations", Revocations, 1, 100_000_000),
            .. Rule.Between($"{key}:RevocationsPerUser", RevocationsPerUser, 1, 100_000_000),
            .. Rule.Span($"{key}:OverloadLag", OverloadLag),
            .. Rule.Between($"{key}:OverloadMemoryPercent", OverloadMemoryPercent, 10, 100),
            .. OriginFaults($"{key}:AllowedOrigins"),
        ];
        return PongWait <= PingPeriod
            ? faults.Append(new($"{key}:PongWait", $"is {PongWait}; it must be above PingPeriod, which is {PingPeriod}"))
            : faults;
    }

    private IEnumerable<ConfigurationFault> OriginFaults(string key)
    {
        for (var i = 0; i < AllowedOrigins.Length; i++)
        {
            // A browser sends nothing behind scheme, host and port, so nothing may stand there.
            if (!Origin.TryParse(AllowedOrigins[i], out _))
            {
                yield return new(
                    $"{key}:{i}",
                    $"is '{AllowedOrigins[i]}'; an origin looks like https://game.example, http://localhost:8080 or capacitor://localhost, or is null");
            }
        }
    }
}
