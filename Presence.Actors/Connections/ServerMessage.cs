using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Presence.Actors.Model;

namespace Presence.Actors.Connections;

/// <summary>What the server tells a client, before a codec gives it a form.</summary>
public abstract record ServerMessage : INoSerializationVerificationNeeded, IDeadLetterSuppression
{
    /// <summary>A request has been carried out and there is nothing else to say.</summary>
    public sealed record Acknowledged(string? Cid) : ServerMessage;

    /// <summary>The answer to a ping.</summary>
    public sealed record Pong(string? Cid) : ServerMessage;

    /// <summary>Asks a client on a link without control frames for a sign of life.</summary>
    public sealed record Ping : ServerMessage
    {
        /// <summary>The only instance.</summary>
        public static readonly Ping Instance = new();

        private Ping()
        {
        }
    }

    /// <summary>The answer to a follow: every visible presence of the users that it named (contract F1).</summary>
    public sealed record Snapshot(string? Cid, ImmutableArray<UserSession> Presences) : ServerMessage;

    /// <summary>The connection goes on by the token that its client has presented.</summary>
    /// <param name="Cid">The client's name for the request.</param>
    /// <param name="ExpiresAt">When that token expires.</param>
    public sealed record SessionRefreshed(string? Cid, DateTimeOffset ExpiresAt) : ServerMessage;

    /// <summary>A request was refused.</summary>
    public sealed record Failed(string? Cid, ErrorCode Code, string Message) : ServerMessage;

    /// <summary>The link's user, told to a client that opened it with a hello instead of a URL.</summary>
    public sealed record Welcome(UserId User, SessionId Session, string Username) : ServerMessage;

    /// <summary>A word before a kick, at once or some time before: why the connection is going to be closed.</summary>
    /// <param name="Subject">A short, fixed name of the reason, for programs.</param>
    /// <param name="Code">The protocol's number of the reason.</param>
    /// <param name="At">When.</param>
    public sealed record Notice(string Subject, int Code, DateTimeOffset At) : ServerMessage;

    /// <summary>
    /// Statuses of a user that this connection follows have changed. One instance is told to all the followers of a node, and
    /// carries its encoded forms along, so that each form is made once (contract K5).
    /// </summary>
    public sealed record StatusEvent(UserId User, ImmutableArray<StatusChange> Changes) : ServerMessage
    {
        /// <summary>How many forms an event may have.</summary>
        public const int Forms = 4;

        private readonly byte[]?[] _forms = new byte[]?[Forms];

        /// <summary>
        /// The event in a form, made by the first who asks. Two threads may both make it; either result will do, and neither is
        /// written to.
        /// </summary>
        /// <param name="form">The number of the form, below <see cref="Forms"/>.</param>
        /// <param name="encode">Makes it.</param>
        public byte[] Form(int form, Func<StatusEvent, byte[]> encode)
        {
            ArgumentNullException.ThrowIfNull(encode);
            return _forms[form] ??= encode(this);
        }
    }
}

/// <summary>One visible presence: a user and what one of its connections shows.</summary>
public readonly record struct UserSession(UserId User, SessionStatus Status);

/// <summary>How messages are written.</summary>
public enum WireFormat
{
    /// <summary>JSON text.</summary>
    Json = 0,

    /// <summary>Protocol buffers.</summary>
    Protobuf = 1,
}
