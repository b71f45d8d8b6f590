using System.Runtime.CompilerServices;
using System.Text;
using Akka.Configuration;
using Akka.Dispatch;

namespace Presence.Actors.Dispatch;

/// <summary>
/// The dispatchers that run actors on loops: one per loop, for connections, whose link belongs to that loop; and one that
/// spreads actors over all of them, each always on the same, for those that belong to none.
/// </summary>
public static class LoopDispatchers
{
    /// <summary>The dispatcher that spreads actors over the loops.</summary>
    public const string Spread = "presence.loops";

    // How many messages one actor may handle before the next has its turn.
    private const int Throughput = 64;

    /// <summary>The dispatcher of one loop.</summary>
    /// <param name="loop">The number of the loop, from 0.</param>
    public static string Of(int loop) => $"presence.loop-{loop}";

    /// <summary>The settings of the dispatchers, and of the shards, which run on them too.</summary>
    /// <param name="loops">How many loops there are; at least one.</param>
    public static Config Settings(int loops)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(loops, 1);
        var settings = new StringBuilder();
        Add(Spread, -1);
        for (var loop = 0; loop < loops; loop++)
            Add(Of(loop), loop);
        settings.AppendLine($"akka.cluster.sharding.use-dispatcher = {Spread}");
        return ConfigurationFactory.ParseString(settings.ToString());

        void Add(string name, int loop) => settings.AppendLine($$"""
            {{name}} {
              type = Dispatcher
              executor = "{{typeof(LoopExecutorFactory).AssemblyQualifiedName}}"
              throughput = {{Throughput}}
              loop = {{loop}}
            }
            """);
    }
}

/// <summary>Makes the executor of a dispatcher on loops; named in the dispatcher's settings.</summary>
public sealed class LoopExecutorFactory : ExecutorServiceConfigurator
{
    /// <summary>For Akka.</summary>
    public LoopExecutorFactory(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites)
    {
    }

    /// <inheritdoc/>
    public override ExecutorService Produce(string id)
    {
        if (!Prerequisites.Settings.Setup.Get<LoopSetup>().HasValue)
            throw new ConfigurationException($"The dispatcher {id} needs a {nameof(LoopSetup)}.");
        var loops = Prerequisites.Settings.Setup.Get<LoopSetup>().Value.Loops;
        var loop = Config.GetInt("loop");
        return loop >= 0 ? new LoopExecutor(id, loops[loop]) : new SpreadExecutor(id, [.. loops]);
    }

    private sealed class LoopExecutor(string id, ILoop loop) : ExecutorService(id)
    {
        public override void Execute(IRunnable run)
        {
            if (run is BackgroundRun)
                loop.PostBackground(run);
            else
                loop.Post(run);
        }

        // The loops are the host's, and outlive the actor system.
        public override void Shutdown()
        {
        }
    }

    private sealed class SpreadExecutor(string id, ILoop[] loops) : ExecutorService(id)
    {
        public override void Execute(IRunnable run)
        {
            // Otherwise it is an actor's mailbox, which lives as long as the actor: it always comes to the same loop.
            var loop = loops[(uint)RuntimeHelpers.GetHashCode(run) % (uint)loops.Length];
            if (run is BackgroundRun)
                (Array.Find(loops, static one => one.IsCurrent) ?? loop).PostBackground(run);
            else
                loop.Post(run);
        }

        public override void Shutdown()
        {
        }
    }
}
