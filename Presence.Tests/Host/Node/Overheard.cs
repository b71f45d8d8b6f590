using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using Akka.Remote;

namespace Presence.Tests.Host.Node;

/// <summary>What an actor system says, from now on: warnings, errors, and how its connections to other systems fare.</summary>
internal sealed class Overheard : IDisposable
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly ActorSystem _system;
    private readonly IActorRef _ear;

    public Overheard(ActorSystem system)
    {
        _system = system;
        _ear = system.ActorOf(Props.Create(() => new Ear(_lines)));
        foreach (var kind in new[] { typeof(Warning), typeof(Error), typeof(AssociationErrorEvent) })
            system.EventStream.Subscribe(_ear, kind);
    }

    /// <summary>Waits for a line.</summary>
    /// <exception cref="TimeoutException">It was not said; the message has what was.</exception>
    public async Task UntilAsync(Func<string, bool> line, CancellationToken patience)
    {
        while (!_lines.Any(line))
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"Not said. Said was:\n{string.Join("\n", _lines)}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public void Dispose() => _system.Stop(_ear);

    private sealed class Ear : ReceiveActor
    {
        public Ear(ConcurrentQueue<string> lines)
        {
            Receive<AssociationErrorEvent>(each => lines.Enqueue($"AssociationError {each.RemoteAddress} {each.Cause.GetBaseException().Message}"));
            Receive<LogEvent>(each => lines.Enqueue(each.Message.ToString()!));
        }
    }
}
