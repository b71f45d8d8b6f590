using System.Collections.Immutable;
using CsCheck;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Tests.Serialization;

/// <summary>Any message there can be, and one of each type that never changes.</summary>
internal static class SampleMessages
{
    /// <summary>Every type of message, in an order of its own.</summary>
    public static readonly ImmutableArray<Type> Types =
    [
        .. typeof(IClusterMessage).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: false, IsInterface: false } && t.IsAssignableTo(typeof(IClusterMessage)))
            .OrderBy(t => t.Name, StringComparer.Ordinal),
    ];

    // Whatever a JSON text can carry, so no half of a surrogate pair.
    private static readonly Gen<string> Texts =
        Gen.OneOf(Gen.Char['\0', '\ud7ff'].Select(c => c.ToString()), Gen.Int[0x10000, 0x10ffff].Select(char.ConvertFromUtf32))
            .Array[0, 20].Select(string.Concat);

    private static readonly Gen<Guid> Guids = Gen.OneOf(Gen.Guid, Gen.Const(Guid.Empty));

    private static readonly Gen<Subject> Subjects =
        Gen.OneOf(Guids.Select(g => Subject.OfUser(new UserId(g))), Texts.Select(Subject.OfName));

    private static readonly Gen<RelayId> Relays =
        Gen.Select(Gen.Int, Gen.Int[0, 64], Gen.Int[0, int.MaxValue]).Select((n, i, k) => new RelayId(n, i, k));

    private static readonly Gen<SessionStatus> Statuses =
        Gen.Select(Guids, Texts, Texts, Gen.Long[0, long.MaxValue]).Select((s, n, t, r) => new SessionStatus(new SessionId(s), n, t, r));

    private static readonly Gen<Page> Pages = Gen.OneOf(
        Gen.Select(Gen.Long[1, long.MaxValue], Some(Statuses)).Select((v, s) => new Page(v, s)), Gen.Const(Page.Retired));

    private static readonly Gen<BookPage> BookPages = Gen.Select(Relays, Pages).Select((r, p) => new BookPage(r, p));

    private static readonly Gen<PageUpdate> Updates = Gen.OneOf(
        Pages.Select(p => (PageUpdate)p),
        Gen.Select(Gen.Long[1, long.MaxValue], Gen.Long[1, long.MaxValue], Gen.Long[1, long.MaxValue], Some(Statuses), Some(Guids))
            .Select((f, u, v, s, h) => (PageUpdate)new PageDifference(f, u, v, s, [.. h.Select(g => new SessionId(g))])));

    private static readonly Gen<BookUpdate> BookUpdates = Gen.Select(Relays, Updates).Select((r, p) => new BookUpdate(r, p));

    private static readonly Gen<Known> Knowns = Gen.Select(Relays, Gen.Long).Select((r, v) => new Known(r, v));

    private static readonly Gen<PresenceChanged> Changes = Gen.Select(Subjects, Gen.Long, Gen.Long, Gen.Long, Some(BookUpdates))
        .Select((s, i, f, n, p) => new PresenceChanged(s, i, f, n, p));

    private static readonly Gen<DateTimeOffset> Instants =
        Gen.Long[0, DateTimeOffset.MaxValue.Ticks].Select(ticks => new DateTimeOffset(ticks, TimeSpan.Zero));

    private static readonly Gen<TokensRevoked> Revocations = Gen.OneOf(
        Gen.Select(Guids, Texts, Instants).Select((u, t, e) => new TokensRevoked(new UserId(u), t, default, e)),
        Gen.Select(Guids, Instants, Instants).Select((u, i, e) => new TokensRevoked(new UserId(u), null, i, e)));

    private static readonly Gen<SessionOpened> Openings =
        Gen.Select(Guids, Guids).Select((u, s) => new SessionOpened(new UserId(u), new SessionId(s)));

    private static readonly Gen<PresenceFound> Findings =
        Gen.Select(Gen.Int[0, int.MaxValue], Texts, Some(Guids)).Select((a, n, u) => new PresenceFound(a, n, [.. u.Select(g => new UserId(g))]));

    /// <summary>Any message of a type; a type without an entry is a type that somebody forgot.</summary>
    public static readonly ImmutableDictionary<Type, Gen<IClusterMessage>> Any = new Dictionary<Type, Gen<IClusterMessage>>
    {
        [typeof(NodeReport)] = Gen.Select(Subjects, Relays, Updates, Gen.Bool, Some(Knowns))
            .Select((s, r, p, w, d) => (IClusterMessage)new NodeReport(s, r, p, w, d)),
        [typeof(ReportAccepted)] = Gen.Select(Subjects, Gen.Long, Gen.Long, Gen.Long, Gen.Bool, Some(BookPages), Gen.Bool, Some(Knowns))
            .Select((s, v, i, n, h, b, p, a) => (IClusterMessage)new ReportAccepted(s, v, i, n, h, b) { IsPart = p, Ahead = a }),
        [typeof(PresenceChanged)] = Changes.Select(c => (IClusterMessage)c),
        [typeof(AskReport)] = Gen.Select(Subjects, Relays).Select((s, r) => (IClusterMessage)new AskReport(s, r)),
        [typeof(RelayRetired)] = Gen.Select(Subjects, Relays).Select((s, r) => (IClusterMessage)new RelayRetired(s, r)),
        [typeof(BookQuery)] = Subjects.Select(s => (IClusterMessage)new BookQuery(s)),
        [typeof(BookAnswer)] = Gen.Select(Subjects, Some(Statuses)).Select((s, a) => (IClusterMessage)new BookAnswer(s, a)),
        [typeof(PresenceQuery)] = Gen.Select(Gen.Long[1, long.MaxValue], Some(Subjects))
            .Select((n, s) => (IClusterMessage)new PresenceQuery(n, s)),
        [typeof(PresenceQueryAnswer)] = Gen.Select(Gen.Long[1, long.MaxValue], Some(Gen.Int[0, 255]), Some(Findings))
            .Select((n, s, f) => (IClusterMessage)new PresenceQueryAnswer(n, s, f)),
        [typeof(PeerBatch)] = Gen.Select(Gen.Long[1, long.MaxValue], Some(Changes), Some(Subjects))
            .Select((n, c, u) => (IClusterMessage)new PeerBatch(n, c, u)),
        [typeof(Announcement)] = Gen.Select(Gen.Int, Gen.Long[1, long.MaxValue], Some(Revocations), Some(Openings), Gen.Bool)
            .Select((n, k, r, o, a) => (IClusterMessage)new Announcement(n, k, r, o, a)),
        [typeof(AnnouncementAccepted)] = Gen.Select(Gen.Int, Gen.Long[1, long.MaxValue])
            .Select((n, k) => (IClusterMessage)new AnnouncementAccepted(n, k)),
        [typeof(PeerBatchAccepted)] = Gen.Long[1, long.MaxValue].Select(n => (IClusterMessage)new PeerBatchAccepted(n)),
    }.ToImmutableDictionary();

    private static readonly Subject User = Subject.OfUser(new UserId(Guid.Parse("8f96bc43-7008-4d2a-8be1-1e73859b3033")));

    private static readonly RelayId Relay = new(-2, 3, 1);

    private static readonly SessionStatus Status =
        new(new SessionId(Guid.Parse("0190a5c0-0000-7000-8000-00000000002a")), "ann", "playing", 5);

    private static readonly DateTimeOffset Expiry = new(2026, 11, 24, 3, 31, 31, TimeSpan.Zero);

    /// <summary>One message of each type and the bytes that it has had since its type came into the schema.</summary>
    public static readonly ImmutableDictionary<Type, (IClusterMessage Message, string Hex)> Pinned =
        new (IClusterMessage Message, string Hex)[]
        {
            (new NodeReport(User, Relay, new Page(7, [Status]), true, [new Known(Relay, 6)]),
                "0a140a12092a4d087043bc968f1133309b85731ee18b12090dfeffffff100318011a28080712240a120900700000c0a5" +
                "9001112a000000000000801203616e6e1a07706c6179696e67200520012a0d0a090dfeffffff100318011006"),
            (new ReportAccepted(User, 7, -1, 2, true, [new BookPage(Relay, Page.Retired)]),
                "0a140a12092a4d087043bc968f1133309b85731ee18b100719ffffffffffffffff2002280132170a090dfeffffff1003" +
                "1801120a08ffffffffffffffff7f"),
            (new PresenceChanged(User, 258, 3, new BookPage(Relay, new Page(8, []))),
                "0a140a12092a4d087043bc968f1133309b85731ee18b1102010000000000001803220f0a090dfeffffff100318011202" +
                "0808"),
            (new PeerBatch(4, [new PresenceChanged(User, 258, 2, 3, [new BookPage(Relay, new Page(8, []))])], [User]),
                "080412340a140a12092a4d087043bc968f1133309b85731ee18b1102010000000000001803220f0a090dfeffffff1003" +
                "18011202080828011a140a12092a4d087043bc968f1133309b85731ee18b"),
            (new PeerBatchAccepted(4),
                "0804"),
            (new Announcement(
                    -2,
                    5,
                    [
                        new TokensRevoked(User.User, "t1", default, Expiry),
                        new TokensRevoked(User.User, null, Expiry.AddHours(-1), Expiry),
                    ],
                    [new SessionOpened(User.User, Status.Session)],
                    true),
                "0dfeffffff10051a220a12092a4d087043bc968f1133309b85731ee18b120274312080d7e4f3b6bbd2ef081a280a1209" +
                "2a4d087043bc968f1133309b85731ee18b188087d3e5b0bad2ef082080d7e4f3b6bbd2ef0822280a12092a4d087043bc" +
                "968f1133309b85731ee18b12120900700000c0a59001112a000000000000802801"),
            (new AnnouncementAccepted(-2, 5),
                "0dfeffffff1005"),
            (new AskReport(User, Relay),
                "0a140a12092a4d087043bc968f1133309b85731ee18b12090dfeffffff10031801"),
            (new RelayRetired(User, Relay),
                "0a140a12092a4d087043bc968f1133309b85731ee18b12090dfeffffff10031801"),
            (new PresenceQuery(4, [User, Subject.OfName("ann")]),
                "080412140a12092a4d087043bc968f1133309b85731ee18b12051203616e6e"),
            (new PresenceQueryAnswer(4, [3, 255], [new PresenceFound(0, "ann", []), new PresenceFound(1, "", [User.User])]),
                "0804120303ff011a051203616e6e1a1608011a12092a4d087043bc968f1133309b85731ee18b"),
            (new BookQuery(Subject.OfName("ann")),
                "0a051203616e6e"),
            (new BookAnswer(User, [Status]),
                "0a140a12092a4d087043bc968f1133309b85731ee18b12240a120900700000c0a59001112a000000000000801203616e" +
                "6e1a07706c6179696e672005"),
        }.ToImmutableDictionary(p => p.Message.GetType());

    private static Gen<ImmutableArray<T>> Some<T>(Gen<T> each) => each.Array[0, 4].Select(a => a.ToImmutableArray());
}
