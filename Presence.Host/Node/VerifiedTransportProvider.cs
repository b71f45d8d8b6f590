using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Remote.Transport;

namespace Presence.Host.Node;

/// <summary>Puts a <see cref="VerifiedTransport"/> around Akka's own; Akka makes it by the name in <see cref="Settings"/>.</summary>
internal sealed class VerifiedTransportProvider : ITransportAdapterProvider
{
    /// <summary>What makes Akka use it. There is no space behind the comma: with one, Akka keeps the quotes.</summary>
    public static readonly string Settings = $$"""
        akka.remote {
          adapters.verified = "{{typeof(VerifiedTransportProvider).FullName}},{{typeof(VerifiedTransportProvider).Assembly.GetName().Name}}"
          dot-netty.tcp.applied-adapters = ["verified"]
        }
        """;

    /// <inheritdoc/>
    public Transport Create(Transport wrappedTransport, ExtendedActorSystem system)
    {
        var verification = system.Settings.Setup.Get<VerifiedTransportSetup>().Value.Verification;
        return new VerifiedTransport(wrappedTransport, verification, wrappedTransport.Config.GetTimeSpan("connection-timeout"));
    }
}

/// <summary>Hands the verification to the provider, which is made without arguments.</summary>
/// <param name="verification">Who may be called.</param>
internal sealed class VerifiedTransportSetup(PeerVerification verification) : Setup
{
    /// <summary>Who may be called.</summary>
    public PeerVerification Verification => verification;
}
