using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Akka.Actor;
using Presence.Tests.Clusters.Kit;
using Xunit;

namespace Presence.Tests.Host.Node;

/// <summary>
/// Two servers that form a cluster over TLS, and strangers that try to have a part in it: each is refused, whoever calls whom, and
/// the cluster goes on.
/// </summary>
[Trait("Clause", "A4")]
public sealed class VerifiedPeerTests(VerifiedPeerTests.Pair pair) : IClassFixture<VerifiedPeerTests.Pair>
{
    /// <summary>Two nodes with certificates of one authority.</summary>
    public sealed class Pair : IAsyncLifetime
    {
        internal string Folder { get; } = Directory.CreateTempSubdirectory("presence-").FullName;

        internal TestAuthority Ours { get; private set; } = null!;

        internal TestAuthority Theirs { get; private set; } = null!;

        internal int Port { get; } = FreePorts.Next();

        internal Member First { get; private set; } = null!;

        internal Member Second { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            (Ours, Theirs) = (new TestAuthority(Folder, "ours"), new TestAuthority(Folder, "theirs"));
            var seed = $"--Presence:Cluster:Seeds:0=127.0.0.1:{Port}";
            First = new Member([seed, $"--Presence:Cluster:Port={Port}", .. Shows(Ours.Issue("first"), Ours)]);
            Second = new Member([seed, .. Shows(Ours.Issue("second"), Ours)]);
            await First.InitializeAsync().WaitAsync(patience.Token);
            await Second.InitializeAsync().WaitAsync(patience.Token);
            await First.SeesAsync(2, patience.Token);
            await Second.SeesAsync(2, patience.Token);
        }

        public async Task DisposeAsync()
        {
            await Second.DisposeAsync();
            await First.DisposeAsync();
            Ours.Dispose();
            Theirs.Dispose();
            Directory.Delete(Folder, recursive: true);
        }

        internal static string[] Shows((string Certificate, string Key) files, TestAuthority trusted) =>
        [
            $"--Presence:Cluster:Certificate:Path={files.Certificate}", $"--Presence:Cluster:Certificate:KeyPath={files.Key}",
            $"--Presence:Cluster:Authorities:0={trusted.Path}",
        ];
    }

    [Fact]
    public void Nodes_with_certificates_of_one_authority_form_a_cluster()
    {
        Assert.All(pair.First.Up, each => Assert.Equal("akka.ssl.tcp", each.Protocol));
        Assert.Equal(pair.First.Up.Order(), pair.Second.Up.Order());
    }

    /// <summary>Who a stranger is, and a part of what is said of it by a node that it calls, and that calls it.</summary>
    public static TheoryData<string, string, string> Strangers => new()
    {
        { "other authority", "PartialChain", "PartialChain" },
        { "self-signed", "UntrustedRoot", "UntrustedRoot" },
        { "expired", "NotTimeValid", "NotTimeValid" },
        { "for clients only", "NotValidForUsage", "NotValidForUsage" },
        { "no certificate", "did not provide a certificate", "PartialChain" },
        { "plain", "TLS handshake failure", "does not speak TLS" },
    };

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task A_stranger_that_calls_is_refused(string who, string reason, string _)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var stranger = Summon(who);
        using var said = new Overheard(pair.First.Cluster.System);
        using var failed = new Overheard(stranger.System);

        var self = pair.First.Cluster.SelfAddress;
        var called = stranger.System.ActorSelection($"{(who == "plain" ? self.WithProtocol("akka.tcp") : self)}/");
        var answer = called.Ask<ActorIdentity>(new Identify(who), Timeout.InfiniteTimeSpan, patience.Token);
        await said.UntilAsync(each => each.Contains(reason, StringComparison.Ordinal), patience.Token);
        // Akka.Remote reports a channel that closes during the handshake either as a failed association or only as a failed handshake.
        await failed.UntilAsync(
            each => each.StartsWith("AssociationError", StringComparison.Ordinal) || each.StartsWith("TLS handshake failed", StringComparison.Ordinal),
            patience.Token);

        // What cannot be sent is answered as if nobody were there.
        Assert.True(!answer.IsCompletedSuccessfully || (await answer).Subject.IsNobody(), "the stranger has reached the node");
        await StillTogetherAsync(patience.Token);
    }

    [Theory]
    [MemberData(nameof(Strangers))]
    public async Task A_stranger_that_is_called_is_told_nothing_and_its_caller_goes_on(string who, string _, string reason)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var stranger = Summon(who);
        using var said = new Overheard(pair.First.Cluster.System);

        pair.First.Cluster.System.ActorSelection($"{stranger.Address.WithProtocol("akka.ssl.tcp")}/user/ear").Tell("secret");
        await said.UntilAsync(
            each => each.Contains($":{stranger.Address.Port}", StringComparison.Ordinal) && each.Contains(reason, StringComparison.Ordinal), patience.Token);

        Assert.Empty(stranger.Heard);
        await StillTogetherAsync(patience.Token);
    }

    [Fact]
    public async Task A_client_without_a_certificate_gets_no_further_than_the_handshake()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, pair.Port, patience.Token);
        // Its own view of the server is not what is tested; the server's chain can be built nowhere but there.
        await using var tls = new SslStream(socket.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        var received = 0;
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "127.0.0.1" }, patience.Token);
            // In TLS 1.3 the client has finished before the server has seen whether there is a certificate.
            received = await tls.ReadAsync(new byte[1], patience.Token);
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            // The other way to be refused.
        }

        Assert.Equal(0, received);
        await StillTogetherAsync(patience.Token);
    }

    private async Task StillTogetherAsync(CancellationToken patience)
    {
        await pair.First.SeesAsync(2, patience);
        await pair.Second.SeesAsync(2, patience);
        Assert.False(pair.First.Cluster.System.WhenTerminated.IsCompleted, "the node has stopped for a stranger's sake");
        Assert.Null(CoordinatedShutdown.Get(pair.First.Cluster.System).ShutdownReason);
    }

    private Stranger Summon(string who) => who switch
    {
        "other authority" => Stranger.Showing(pair.Theirs.Issue("stranger")),
        "self-signed" => Stranger.Showing(TestAuthority.SelfSigned(pair.Folder, "stranger")),
        "expired" => Stranger.Showing(pair.Ours.Issue("late", days: -1)),
        "for clients only" => Stranger.Showing(pair.Ours.Issue("person", 1, "1.3.6.1.5.5.7.3.2")),
        "no certificate" => Stranger.Hiding(pair.Theirs.Issue("hidden")),
        "plain" => Stranger.Plain(),
        _ => throw new ArgumentOutOfRangeException(nameof(who)),
    };
}
