using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.Serialization;
using Google.Protobuf.Collections;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Serialization;

/// <summary>
/// The messages in the form of the schema, and back. A part that a message cannot do without is refused when it is missing:
/// protobuf would make an empty one of it, and the empty subject or page means something.
/// </summary>
internal static class Schema
{
    public static V1.NodeReport Write(NodeReport m) => new()
    {
        Subject = Write(m.Subject),
        Relay = Write(m.Relay),
        Page = Write(m.Page),
        Watching = m.Watching,
        Digest = { m.Digest.Select(Write) },
    };

    public static NodeReport Read(V1.NodeReport m) => new(
        Read(m.Subject), Read(m.Relay), ReadUpdate(m.Page), m.Watching, ReadAll(m.Digest, Read));

    public static V1.ReportAccepted Write(ReportAccepted m) => new()
    {
        Subject = Write(m.Subject),
        Version = m.Version,
        Incarnation = m.Incarnation,
        Sequence = m.Sequence,
        Holds = m.Holds,
        Newer = { m.Newer.Select(Write) },
        NewEntity = m.IsNewEntity,
        Part = m.IsPart,
        Ahead = { m.Ahead.Select(Write) },
    };

    public static ReportAccepted Read(V1.ReportAccepted m) =>
        new(Read(m.Subject), m.Version, m.Incarnation, m.Sequence, m.Holds, ReadAll(m.Newer, Read), m.NewEntity) { IsPart = m.Part, Ahead = ReadAll(m.Ahead, Read) };

    public static V1.PresenceChanged Write(PresenceChanged m) => new()
    {
        Subject = Write(m.Subject),
        Incarnation = m.Incarnation,
        Sequence = m.Sequence,
        Changed = { m.Pages.Select(Write) },
        Earlier = m.Sequence - m.Since,
    };

    public static PresenceChanged Read(V1.PresenceChanged m) =>
        new(Read(m.Subject), m.Incarnation, m.Sequence - m.Earlier, m.Sequence, ReadAll(m.Changed, ReadUpdate));

    public static V1.AskReport Write(AskReport m) => new() { Subject = Write(m.Subject), Relay = Write(m.Relay) };

    public static AskReport Read(V1.AskReport m) => new(Read(m.Subject), Read(m.Relay));

    public static V1.RelayRetired Write(RelayRetired m) => new() { Subject = Write(m.Subject), Relay = Write(m.Relay) };

    public static RelayRetired Read(V1.RelayRetired m) => new(Read(m.Subject), Read(m.Relay));

    public static V1.BookQuery Write(BookQuery m) => new() { Subject = Write(m.Subject) };

    public static BookQuery Read(V1.BookQuery m) => new(Read(m.Subject));

    public static V1.BookAnswer Write(BookAnswer m) => new()
    {
        Subject = Write(m.Subject),
        Sessions = { m.Sessions.Select(Write) },
    };

    public static BookAnswer Read(V1.BookAnswer m) => new(Read(m.Subject), ReadAll(m.Sessions, Read));

    public static V1.PresenceQuery Write(PresenceQuery m) => new() { Number = m.Number, Subjects = { m.Subjects.Select(Write) } };

    public static PresenceQuery Read(V1.PresenceQuery m) => new(Counted(m.Number), ReadAll(m.Subjects, Read));

    public static V1.PresenceQueryAnswer Write(PresenceQueryAnswer m) => new()
    {
        Number = m.Number,
        Shards = { m.Shards.Select(shard => (uint)shard) },
        Found = { m.Found.Select(Write) },
    };

    public static PresenceQueryAnswer Read(V1.PresenceQueryAnswer m) =>
        new(Counted(m.Number), [.. m.Shards.Select(shard => (int)shard)], ReadAll(m.Found, Read));

    public static V1.PeerBatch Write(PeerBatch m) => new()
    {
        Number = m.Number,
        Changes = { m.Changes.Select(Write) },
        Unsure = { m.Unsure.Select(Write) },
    };

    public static PeerBatch Read(V1.PeerBatch m) => new(Counted(m.Number), ReadAll(m.Changes, Read), ReadAll(m.Unsure, Read));

    public static V1.PeerBatchAccepted Write(PeerBatchAccepted m) => new() { Number = m.Number };

    public static PeerBatchAccepted Read(V1.PeerBatchAccepted m) => new(Counted(m.Number));

    public static V1.Announcement Write(Announcement m) => new()
    {
        Node = m.Node,
        Number = m.Number,
        Revoked = { m.Revoked.Select(Write) },
        Opened = { m.Opened.Select(o => new V1.SessionOpened { User = Write(o.User.Value), Session = Write(o.Session.Value) }) },
        All = m.IsAll,
    };

    public static Announcement Read(V1.Announcement m) => new(
        m.Node,
        Counted(m.Number),
        ReadAll(m.Revoked, Read),
        ReadAll(m.Opened, o => new SessionOpened(new UserId(Read(o.User)), new SessionId(Read(o.Session)))),
        m.All);

    public static V1.AnnouncementAccepted Write(AnnouncementAccepted m) => new() { Node = m.Node, Number = m.Number };

    public static AnnouncementAccepted Read(V1.AnnouncementAccepted m) => new(m.Node, Counted(m.Number));

    private static V1.PresenceFound Write(PresenceFound found) => new()
    {
        At = (uint)found.At,
        Username = found.Username,
        Users = { found.Users.Select(user => Write(user.Value)) },
    };

    private static PresenceFound Read(V1.PresenceFound found) =>
        new((int)found.At, found.Username, ReadAll(found.Users, user => new UserId(Read(user))));

    private static V1.TokensRevoked Write(TokensRevoked revoked)
    {
        var form = new V1.TokensRevoked { User = Write(revoked.User.Value), Expires = revoked.ExpiresAt.UtcTicks };
        if (revoked.TokenId is { } login)
            form.Login = login;
        else
            form.IssuedUpTo = revoked.IssuedUpTo.UtcTicks;
        return form;
    }

    private static TokensRevoked Read(V1.TokensRevoked revoked)
    {
        var (user, expires) = (new UserId(Read(revoked.User)), Instant(revoked.Expires));
        return revoked.TokensCase switch
        {
            V1.TokensRevoked.TokensOneofCase.Login => new(user, revoked.Login, default, expires),
            V1.TokensRevoked.TokensOneofCase.IssuedUpTo => new(user, null, Instant(revoked.IssuedUpTo), expires),
            _ => throw new SerializationException("A revocation of neither a login nor all tokens up to an instant"),
        };
    }

    private static DateTimeOffset Instant(long ticks) =>
        ticks >= 0 && ticks <= DateTimeOffset.MaxValue.Ticks
            ? new(ticks, TimeSpan.Zero)
            : throw new SerializationException("An instant beyond the calendar");

    private static V1.Subject Write(Subject subject) =>
        subject.Name is { } name ? new V1.Subject { Name = name } : new V1.Subject { User = Write(subject.User.Value) };

    private static Subject Read(V1.Subject? subject) => Needed(subject).KindCase switch
    {
        V1.Subject.KindOneofCase.User => Subject.OfUser(new UserId(Read(subject!.User))),
        V1.Subject.KindOneofCase.Name => Subject.OfName(subject!.Name),
        _ => throw new SerializationException("A subject that is neither a user nor a name"),
    };

    private static V1.Relay Write(RelayId relay) => new()
    {
        Node = relay.Node,
        Index = (uint)relay.Index,
        Incarnation = (uint)relay.Incarnation,
    };

    private static RelayId Read(V1.Relay? relay) =>
        new(Needed(relay).Node, (int)relay!.Index, (int)relay.Incarnation);

    private static V1.Page Write(PageUpdate page)
    {
        var written = new V1.Page { Version = page.Version, Sessions = { page.Sessions.Select(Write) } };
        if (page is PageDifference difference)
        {
            written.Since = difference.Since;
            written.Until = difference.Until;
            written.Hidden.AddRange(difference.Hidden.Select(s => Write(s.Value)));
        }

        return written;
    }

    private static PageUpdate ReadUpdate(V1.Page? page) => Needed(page).Since == 0
        ? new Page(page!.Version, ReadAll(page.Sessions, Read))
        : new PageDifference(page!.Since, page.Until, page.Version, ReadAll(page.Sessions, Read), ReadAll(page.Hidden, id => new SessionId(Read(id))));

    private static Page Read(V1.Page? page) =>
        ReadUpdate(page) as Page ?? throw new SerializationException("A whole page is needed, not a difference.");

    private static V1.Known Write(Known known) => new() { Relay = Write(known.Relay), Version = known.Version };

    private static Known Read(V1.Known known) => new(Read(known.Relay), known.Version);

    private static V1.BookPage Write(BookPage page) => new() { Relay = Write(page.Relay), Page = Write(page.Page) };

    private static V1.BookPage Write(BookUpdate page) => new() { Relay = Write(page.Relay), Page = Write(page.Page) };

    private static BookUpdate ReadUpdate(V1.BookPage page) => new(Read(page.Relay), ReadUpdate(page.Page));

    private static BookPage Read(V1.BookPage page) => new(Read(page.Relay), Read(page.Page));

    private static V1.Status Write(SessionStatus status) => new()
    {
        Session = Write(status.Session.Value),
        Username = status.Username,
        Text = status.Status,
        Revision = status.Revision,
    };

    private static SessionStatus Read(V1.Status status) =>
        new(new SessionId(Read(status.Session)), status.Username, status.Text, status.Revision);

    private static V1.Uuid Write(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return new V1.Uuid
        {
            High = BinaryPrimitives.ReadUInt64BigEndian(bytes),
            Low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        };
    }

    private static Guid Read(V1.Uuid? id)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Needed(id).High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], id!.Low);
        return new Guid(bytes, bigEndian: true);
    }

    private static ImmutableArray<T> ReadAll<TForm, T>(RepeatedField<TForm> forms, Func<TForm, T> read)
    {
        if (forms.Count == 0)
            return [];
        var all = ImmutableArray.CreateBuilder<T>(forms.Count);
        foreach (var form in forms)
            all.Add(read(form));
        return all.MoveToImmutable();
    }

    private static long Counted(long number) =>
        number > 0 ? number : throw new SerializationException("A message without its number");

    private static T Needed<T>(T? part)
        where T : class => part ?? throw new SerializationException($"A message without its {typeof(T).Name}");
}
