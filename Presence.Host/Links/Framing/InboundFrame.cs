using System.Buffers;
using Presence.Actors.Connections;

namespace Presence.Host.Links.Framing;

/// <summary>What a framing found in the bytes of a client.</summary>
internal enum FrameKind
{
    /// <summary>A whole message, reassembled if it came in pieces.</summary>
    Message,

    /// <summary>A piece of a message that is not whole yet: nothing to handle.</summary>
    Piece,

    /// <summary>A ping, to be answered by a pong with the same payload.</summary>
    Ping,

    /// <summary>A pong, asked for or not: a sign of life.</summary>
    Pong,

    /// <summary>The client closes; nothing follows.</summary>
    Close,

    /// <summary>The client broke the rules of the framing; nothing that follows can be read.</summary>
    Violation,
}

/// <summary>One thing that a client sent. A value that lives until the next read.</summary>
internal readonly struct InboundFrame
{
    /// <summary>The close code that stands for "the close frame had none" (RFC 6455, 7.1.5); never on the wire.</summary>
    public const ushort NoCloseCode = 1005;

    private InboundFrame(FrameKind kind, ReadOnlySequence<byte> payload, ushort closeCode, ClientRequest.Malformed? fault)
    {
        Kind = kind;
        Payload = payload;
        CloseCode = closeCode;
        Fault = fault;
    }

    /// <summary>What was found.</summary>
    public FrameKind Kind { get; }

    /// <summary>
    /// The bytes of a message, ping or pong, unmasked. They may lie in the input or in the framing's own memory: they are valid
    /// until the next read and until the input is released, whichever is first.
    /// </summary>
    public ReadOnlySequence<byte> Payload { get; }

    /// <summary>
    /// The code of a close, <see cref="NoCloseCode"/> if it had none. It is valid, and may be echoed by
    /// <see cref="MessageFraming.WriteClose"/> as it is.
    /// </summary>
    public ushort CloseCode { get; }

    /// <summary>What a violation is answered with: an error, then a close. Null unless this is a violation.</summary>
    public ClientRequest.Malformed? Fault { get; }

    /// <summary>A whole message.</summary>
    public static InboundFrame Message(ReadOnlySequence<byte> payload) => new(FrameKind.Message, payload, 0, null);

    /// <summary>A piece of a message.</summary>
    public static InboundFrame Piece() => new(FrameKind.Piece, default, 0, null);

    /// <summary>A ping.</summary>
    public static InboundFrame Ping(ReadOnlySequence<byte> payload) => new(FrameKind.Ping, payload, 0, null);

    /// <summary>A pong.</summary>
    public static InboundFrame Pong(ReadOnlySequence<byte> payload) => new(FrameKind.Pong, payload, 0, null);

    /// <summary>A close; <paramref name="code"/> is <see cref="NoCloseCode"/> if it had none.</summary>
    public static InboundFrame Close(ushort code) => new(FrameKind.Close, default, code, null);

    /// <summary>A broken rule.</summary>
    public static InboundFrame Violation(ClientRequest.Malformed fault) => new(FrameKind.Violation, default, 0, fault);
}
