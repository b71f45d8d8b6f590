using Google.Protobuf;
using Google.Protobuf.Reflection;
using Presence.Host.Links.Codecs.Wire;
using Member = Presence.Host.Links.Codecs.Wire.Envelope.MessageOneofCase;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// A protobuf envelope of a client, read in time and memory that grow with its length and no faster (contract L2, L3).
/// </summary>
/// <remarks>
/// The generated <see cref="Envelope"/> merges a member that comes again into a new copy of all that came before, so that a message of
/// 64 KB in which a member comes 13,000 times takes 2 GB and half a second. Here a member that comes again is read into what is there,
/// which gives the same result. Of members that are refused by their name nothing is kept.
/// </remarks>
internal sealed class IncomingEnvelope : IMessage<IncomingEnvelope>, IBufferMessage
{
    private const uint CidTag = (Envelope.CidFieldNumber << 3) | LengthDelimited;
    private const uint LengthDelimited = 2;

    private static readonly MessageParser<IncomingEnvelope> Parser =
        new MessageParser<IncomingEnvelope>(static () => new IncomingEnvelope()).WithDiscardUnknownFields(true);

    private static readonly bool[] Members = ReadMembers();

    private IMessage? _body;

    /// <summary>The client's name for the request; empty if it gave none.</summary>
    public string Cid { get; private set; } = "";

    /// <summary>The last member that the envelope holds.</summary>
    public Member Member { get; private set; }

    /// <summary>The member, if it is an update.</summary>
    public StatusUpdate StatusUpdate => (StatusUpdate)_body!;

    /// <summary>The member, if it is a follow.</summary>
    public StatusFollow StatusFollow => (StatusFollow)_body!;

    /// <summary>The member, if it is an unfollow.</summary>
    public StatusUnfollow StatusUnfollow => (StatusUnfollow)_body!;

    /// <summary>The member, if it is a session refresh.</summary>
    public SessionRefresh SessionRefresh => (SessionRefresh)_body!;

    /// <inheritdoc/>
    MessageDescriptor IMessage.Descriptor => Envelope.Descriptor;

    /// <summary>Whether a number is that of a member.</summary>
    public static bool IsMember(int number) => number < Members.Length && Members[number];

    /// <summary>As what a member is read: of one that is not served nothing is.</summary>
    public static MessageDescriptor TypeOf(int number) => BodyOf((Member)number).Descriptor;

    /// <summary>Reads an envelope.</summary>
    /// <exception cref="InvalidProtocolBufferException">The bytes are none.</exception>
    public static IncomingEnvelope Read(in System.Buffers.ReadOnlySequence<byte> message) => Parser.ParseFrom(message);

    /// <inheritdoc/>
    void IBufferMessage.InternalMergeFrom(ref ParseContext input)
    {
        while (input.ReadTag() is not 0 and var tag)
        {
            var field = tag >> 3;
            if (tag == CidTag)
            {
                Cid = input.ReadString();
            }
            else if ((tag & 7) == LengthDelimited && field < Members.Length && Members[field])
            {
                if (Member != (Member)field)
                {
                    Member = (Member)field;
                    _body = BodyOf(Member);
                }

                input.ReadMessage(_body!);
            }
            else
            {
                UnknownFieldSet.MergeFieldFrom(null, ref input);
            }
        }
    }

    /// <inheritdoc/>
    void IBufferMessage.InternalWriteTo(ref WriteContext output) => throw ReadOnly();

    /// <inheritdoc/>
    void IMessage.MergeFrom(CodedInputStream input) => input.ReadRawMessage(this);

    /// <inheritdoc/>
    void IMessage.WriteTo(CodedOutputStream output) => throw ReadOnly();

    /// <inheritdoc/>
    int IMessage.CalculateSize() => throw ReadOnly();

    /// <inheritdoc/>
    void IMessage<IncomingEnvelope>.MergeFrom(IncomingEnvelope message) => throw ReadOnly();

    /// <inheritdoc/>
    IncomingEnvelope IDeepCloneable<IncomingEnvelope>.Clone() => throw ReadOnly();

    /// <inheritdoc/>
    public bool Equals(IncomingEnvelope? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    /// <inheritdoc/>
    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    private static IMessage BodyOf(Member member) => member switch
    {
        Member.StatusUpdate => new StatusUpdate(),
        Member.StatusFollow => new StatusFollow(),
        Member.StatusUnfollow => new StatusUnfollow(),
        Member.SessionRefresh => new SessionRefresh(),
        _ => new Unoffered(),
    };

    private static bool[] ReadMembers()
    {
        var fields = Envelope.Descriptor.Oneofs.Single(o => o.Name == "message").Fields;
        var members = new bool[fields.Max(f => f.FieldNumber) + 1];
        foreach (var field in fields)
            members[field.FieldNumber] = true;
        return members;
    }

    private static NotSupportedException ReadOnly() => new("An incoming envelope is only read.");
}
