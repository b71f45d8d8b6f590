using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;

namespace Presence.Tests.Host.Node;

/// <summary>An actor system that would like to talk with the nodes of a cluster, and takes whatever these show.</summary>
internal sealed class Stranger : IAsyncDisposable
{
    private readonly X509Certificate2? _certificate;

    private Stranger(X509Certificate2? certificate, bool hides)
    {
        _certificate = certificate;
        var settings = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString($$"""
            akka {
              loglevel = WARNING
              stdout-loglevel = OFF
              loggers = []
              actor.provider = remote
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0, enable-ssl = {{(certificate is null ? "off" : "on")}} }
              remote.handshake-timeout = 3s
              coordinated-shutdown.run-by-clr-shutdown-hook = off
            }
            """));
        System = ActorSystem.Create("presence", certificate is null
            ? ActorSystemSetup.Create(settings)
            : ActorSystemSetup.Create(settings, new DotNettySslSetup(certificate, suppressValidation: true, requireMutualAuthentication: !hides)));
        System.ActorOf(Props.Create(() => new Ear(Heard)), "ear");
    }

    public ActorSystem System { get; }

    /// <summary>What it was told.</summary>
    public ConcurrentQueue<object> Heard { get; } = new();

    public Address Address => ((ExtendedActorSystem)System).Provider.DefaultAddress;

    /// <summary>Shows this certificate to whoever asks.</summary>
    public static Stranger Showing((string Certificate, string Key) files) => new(X509Certificate2.CreateFromPemFile(files.Certificate, files.Key), hides: false);

    /// <summary>Shows none when it calls; who is called needs one for TLS.</summary>
    public static Stranger Hiding((string Certificate, string Key) files) => new(X509Certificate2.CreateFromPemFile(files.Certificate, files.Key), hides: true);

    /// <summary>Speaks no TLS.</summary>
    public static Stranger Plain() => new(null, hides: false);

    public async ValueTask DisposeAsync()
    {
        await System.Terminate();
        _certificate?.Dispose();
    }

    private sealed class Ear : ReceiveActor
    {
        public Ear(ConcurrentQueue<object> heard) => ReceiveAny(heard.Enqueue);
    }
}
