using Akka.Actor;
using Akka.Event;
using Akka.Hosting.Logging;
using Akka.Remote.Transport;
using Presence.Actors.Serialization;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Presence.Host.Node;

/// <summary>
/// Hands what Akka logs to the host's loggers, in one line for each event of a peer (<see cref="AkkaLogLine"/>). Akka makes it by its type.
/// </summary>
internal sealed class AkkaLogger : LoggerFactoryLogger
{
    // How many connections are remembered, so that what goes wrong with one is told once.
    private const int RememberedChannels = 64;

    private readonly ILogger _log = Context.System.Settings.Setup.Get<LoggerFactorySetup>().Value.LoggerFactory.CreateLogger<ActorSystem>();
    private readonly Queue<string> _told = new(RememberedChannels);

    /// <inheritdoc/>
    protected override void Log(LogEvent log, ActorPath path)
    {
        var line = AkkaLogLine.Of(log);
        if (line.Text is null || (line.Channel is { } channel && !IsFirstOf(channel)))
            return;
        _log.Log(line.Level, default, line.Text, line.Cause, (text, _) => text);
    }

    private bool IsFirstOf(string channel)
    {
        if (_told.Contains(channel))
            return false;
        if (_told.Count == RememberedChannels)
            _told.Dequeue();
        _told.Enqueue(channel);
        return true;
    }
}

/// <summary>What one event of Akka is in the log of the host.</summary>
/// <param name="Level">How bad it is.</param>
/// <param name="Text">One line; null if nothing is written.</param>
/// <param name="Cause">The exception, with its stack trace; null where the text says it all.</param>
/// <param name="Channel">The connection between nodes that it is about; null for none.</param>
internal readonly record struct AkkaLogLine(LogLevel Level, string? Text, Exception? Cause, string? Channel)
{
    private const string Remoting = "Akka.Remote";
    private const string AcceptedChannel = "TcpServerHandler";

    // Akka names the actors of a connection after the address of the peer, and numbers them.
    private static readonly string[] ConnectionActors = ["/akkaProtocol-", "/endpointReader-"];

    // What a peer sends may be in the text, and a message between nodes may have megabytes.
    private const int LongestText = 1000;

    /// <summary>
    /// Decides that. Whatever a peer sends is a fault of the peer: the stack trace says nothing of it, and a web browser or a port scanner
    /// would fill the log.
    /// </summary>
    public static AkkaLogLine Of(LogEvent log)
    {
        var level = LevelOf(log.LogLevel());
        if (log.LogClass.Name == AcceptedChannel && log.Message is LogMessage message)
        {
            // The TLS failure before it says the same, and why.
            if (message.Format.StartsWith("Rejected incoming connection", StringComparison.Ordinal))
                return default;
            // All have the same parameters: this node, the peer, the id of the connection.
            if (log.Cause is not null && message.Parameters().ToList() is [_, { } peer, { } channel, ..])
                return Closed($"{peer}", log.Cause, $"{channel}");
        }
        if (log.Cause is AkkaProtocolException && PeerOf(log.LogSource) is { } named)
            return Closed(named, log.Cause, null);

        // It may be in a container; what Akka says around it is how to accept it.
        if (log.Cause?.GetBaseException() is RefusedMessageException refused && PeerOf(log.LogSource) is { } sender)
            return new(LogLevel.Warning, $"Refused a message from {OneLine(sender)}: {OneLine(refused.Message)}", null, null);

        var text = $"{SourceOf(log)}: {OneLine($"{log.Message}")}";
        return log.Cause is not null && IsOfRemoting(log)
            ? new(level, $"{text} ({Reasons(log.Cause)})", null, null)
            : new(level, text, log.Cause, null);
    }

    private static AkkaLogLine Closed(string peer, Exception cause, string? channel) => new(
        LogLevel.Warning, $"Closed a connection to the port between nodes, from {OneLine(peer)}, which is not a node's: {Reasons(cause)}", null, channel);

    private static bool IsOfRemoting(LogEvent log) =>
        IsWithin(log.LogClass) || IsWithin(log.Cause.GetType());

    private static bool IsWithin(Type type) => type.Namespace?.StartsWith(Remoting, StringComparison.Ordinal) == true;

    // Akka adds the name of the actor system, which every line would have.
    private static string SourceOf(LogEvent log) => log.LogSource.Split(" (akka://")[0];

    private static string? PeerOf(string source)
    {
        foreach (var actor in ConnectionActors)
        {
            var from = source.LastIndexOf(actor, StringComparison.Ordinal);
            if (from < 0)
                continue;
            var name = Uri.UnescapeDataString(source[(from + actor.Length)..]);
            if (name.LastIndexOf('-') is var number and > 0)
                return name[(name.IndexOf('@', StringComparison.Ordinal) + 1)..number];
        }

        return null;
    }

    private static string Reasons(Exception fault)
    {
        var reasons = new List<string>();
        for (var each = fault; each is not null; each = each.InnerException)
            reasons.Add(OneLine(each.Message));
        return OneLine(string.Join(": ", reasons.Distinct()));
    }

    private static string OneLine(string text)
    {
        var line = text.Length > LongestText ? $"{text.AsSpan(0, LongestText)}…" : text;
        return string.Concat(line.Trim().TrimEnd('.').Select(each => char.IsControl(each) ? ' ' : each));
    }

    private static LogLevel LevelOf(Akka.Event.LogLevel level) => level switch
    {
        Akka.Event.LogLevel.DebugLevel => LogLevel.Debug,
        Akka.Event.LogLevel.InfoLevel => LogLevel.Information,
        Akka.Event.LogLevel.WarningLevel => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
