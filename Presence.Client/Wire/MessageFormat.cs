namespace Presence.Client;

/// <summary>How messages are written on the wire. The meaning is the same.</summary>
public enum MessageFormat
{
    /// <summary>JSON text.</summary>
    Json,

    /// <summary>Protocol buffers: smaller.</summary>
    Protobuf,
}
