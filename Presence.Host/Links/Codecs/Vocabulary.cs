using Presence.Actors.Connections;
using Presence.Host.Links.Codecs.Wire;
using Member = Presence.Host.Links.Codecs.Wire.Envelope.MessageOneofCase;

namespace Presence.Host.Links.Codecs;

/// <summary>
/// What becomes of the members of the envelope that are no request of this server, whatever the format (protocol
/// difference 0.7). Read from the schema, where each member says who sends it.
/// </summary>
internal static class Vocabulary
{
    private static readonly Entry[] Entries = ReadSchema();

    /// <summary>The answer to an envelope with a member that is not served, or with none.</summary>
    public static ClientRequest Refuse(Member member, string? cid)
    {
        if (member == Member.None)
            return new ClientRequest.Refused(cid, ErrorCode.MissingPayload, "The envelope holds no message that this server knows.");
        if (member == Member.Pong)
            return new ClientRequest.Ignored(cid);
        var (refusal, sender) = Entries[(int)member];
        return new ClientRequest.Refused(
            cid, ErrorCode.UnrecognizedPayload, refusal, IsAnswered: sender != Sender.ClientUnanswered || cid is not null);
    }

    private static Entry[] ReadSchema()
    {
        var fields = Envelope.Descriptor.Oneofs.Single(o => o.Name == "message").Fields;
        var entries = new Entry[fields.Max(f => f.FieldNumber) + 1];
        foreach (var field in fields)
        {
            var sender = field.GetOptions()?.GetExtension(RealtimeExtensions.SentBy) ?? Sender.Client;
            entries[field.FieldNumber] = new Entry(
                sender == Sender.Server ? $"{field.Name} is sent by servers only." : $"{field.Name} is not offered by this server.",
                sender);
        }

        return entries;
    }

    private readonly record struct Entry(string Refusal, Sender SentBy);
}
