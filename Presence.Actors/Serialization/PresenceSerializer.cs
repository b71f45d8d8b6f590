using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using Presence.Actors.Messages;

namespace Presence.Actors.Serialization;

/// <summary>
/// Writes and reads every <see cref="IClusterMessage"/> by the schema in <c>presence.proto</c> (contract K6). No type name
/// travels: a manifest names the message, and what it names never changes.
/// </summary>
/// <remarks>
/// A manifest that is not known comes from a later release. It is refused with a <see cref="SerializationException"/>, which
/// costs that message alone and not the association; everything that changes state is sent again until it is answered.
/// </remarks>
public sealed class PresenceSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The number of this serializer on the wire; never changes. Akka keeps 0 to 100 for itself.</summary>
    public const int Id = 7350;

    // Short, since one goes with every message. A number behind the letters would be the next form of the same message.
    internal const string NodeReportManifest = "NR";
    internal const string ReportAcceptedManifest = "RA";
    internal const string PresenceChangedManifest = "PC";
    internal const string AskReportManifest = "AR";
    internal const string RelayRetiredManifest = "RR";
    internal const string BookQueryManifest = "BQ";
    internal const string BookAnswerManifest = "BA";
    internal const string PresenceQueryManifest = "PQ";
    internal const string PresenceQueryAnswerManifest = "PQA";
    internal const string PeerBatchManifest = "PB";
    internal const string PeerBatchAcceptedManifest = "PA";
    internal const string AnnouncementManifest = "AN";
    internal const string AnnouncementAcceptedManifest = "AA";

    /// <inheritdoc/>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) => o switch
    {
        NodeReport => NodeReportManifest,
        ReportAccepted => ReportAcceptedManifest,
        PresenceChanged => PresenceChangedManifest,
        AskReport => AskReportManifest,
        RelayRetired => RelayRetiredManifest,
        BookQuery => BookQueryManifest,
        BookAnswer => BookAnswerManifest,
        PresenceQuery => PresenceQueryManifest,
        PresenceQueryAnswer => PresenceQueryAnswerManifest,
        PeerBatch => PeerBatchManifest,
        PeerBatchAccepted => PeerBatchAcceptedManifest,
        Announcement => AnnouncementManifest,
        AnnouncementAccepted => AnnouncementAcceptedManifest,
        _ => throw Unwritable(o),
    };

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) => (obj switch
    {
        NodeReport m => Schema.Write(m),
        ReportAccepted m => Schema.Write(m),
        PresenceChanged m => Schema.Write(m),
        AskReport m => Schema.Write(m),
        RelayRetired m => Schema.Write(m),
        BookQuery m => Schema.Write(m),
        BookAnswer m => Schema.Write(m),
        PresenceQuery m => Schema.Write(m),
        PresenceQueryAnswer m => Schema.Write(m),
        PeerBatch m => Schema.Write(m),
        PeerBatchAccepted m => Schema.Write(m),
        Announcement m => Schema.Write(m),
        AnnouncementAccepted m => (IMessage)Schema.Write(m),
        _ => throw Unwritable(obj),
    }).ToByteArray();

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return manifest switch
            {
                NodeReportManifest => Schema.Read(V1.NodeReport.Parser.ParseFrom(bytes)),
                ReportAcceptedManifest => Schema.Read(V1.ReportAccepted.Parser.ParseFrom(bytes)),
                PresenceChangedManifest => Schema.Read(V1.PresenceChanged.Parser.ParseFrom(bytes)),
                AskReportManifest => Schema.Read(V1.AskReport.Parser.ParseFrom(bytes)),
                RelayRetiredManifest => Schema.Read(V1.RelayRetired.Parser.ParseFrom(bytes)),
                BookQueryManifest => Schema.Read(V1.BookQuery.Parser.ParseFrom(bytes)),
                BookAnswerManifest => Schema.Read(V1.BookAnswer.Parser.ParseFrom(bytes)),
                PresenceQueryManifest => Schema.Read(V1.PresenceQuery.Parser.ParseFrom(bytes)),
                PresenceQueryAnswerManifest => Schema.Read(V1.PresenceQueryAnswer.Parser.ParseFrom(bytes)),
                PeerBatchManifest => Schema.Read(V1.PeerBatch.Parser.ParseFrom(bytes)),
                PeerBatchAcceptedManifest => Schema.Read(V1.PeerBatchAccepted.Parser.ParseFrom(bytes)),
                AnnouncementManifest => Schema.Read(V1.Announcement.Parser.ParseFrom(bytes)),
                AnnouncementAcceptedManifest => Schema.Read(V1.AnnouncementAccepted.Parser.ParseFrom(bytes)),
                _ => throw new SerializationException($"No message of this release has the manifest '{manifest}'"),
            };
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new SerializationException($"A message with the manifest '{manifest}' cannot be read", e);
        }
    }

    private static SerializationException Unwritable(object message) =>
        new($"{message.GetType()} has no place in the schema of what travels between nodes");
}
