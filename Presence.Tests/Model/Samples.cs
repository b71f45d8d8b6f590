using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Tests.Model;

/// <summary>A small cast for the tables: one user, four relays on three nodes, and what sessions show.</summary>
internal static class Samples
{
    public static readonly Subject User = Subject.OfUser(new UserId(new Guid(1, 0, 0, new byte[8])));

    public static readonly RelayId R1 = new(1, 0, 0);

    public static readonly RelayId R2 = new(2, 0, 0);

    public static readonly RelayId R3 = new(3, 0, 0);

    public static SessionId Session(int number) => new(new Guid(number, 0, 0, new byte[8]));

    /// <summary>What a session shows in a revision; no two are alike.</summary>
    public static SessionStatus Status(int session, long revision) => new(Session(session), "ann", $"s{session}@{revision}", revision);

    public static Page PageAt(long version, params SessionStatus[] sessions) => new(version, [.. sessions]);

    public static Book BookOf(params BookPage[] pages) => pages.Aggregate(Book.Empty, (book, p) => book.Merge(p.Relay, p.Page));

    public static NodeReport Report(RelayId relay, Page page, bool watching = false, params Known[] digest) =>
        new(User, relay, page, watching, [.. digest]);

    public static ReportAccepted Accepted(long version, long incarnation = 1, long sequence = 0, params BookPage[] newer) =>
        new(User, version, incarnation, sequence, true, [.. newer]);

    public static PresenceChanged Changed(long sequence, RelayId relay, Page page, long incarnation = 1) =>
        new(User, incarnation, sequence, new BookPage(relay, page));

    public static string Told(IEnumerable<StatusChange> changes) =>
        string.Join(", ", changes.Select(c => $"{c.Old?.Status}>{c.New?.Status}").Order(StringComparer.Ordinal));

    public static string Told(IEnumerable<BookPage> pages) => Told(pages.Select(p => (BookUpdate)p));

    public static string Told(IEnumerable<BookUpdate> pages) =>
        string.Join(", ", pages.Select(p => $"{p.Relay.Node}.{p.Relay.Incarnation}:{(p.Page.IsRetired ? "end" : $"{p.Page.Version}")}")
            .Order(StringComparer.Ordinal));

    public static string Told(IEnumerable<RelayId> relays) =>
        string.Join(", ", relays.Select(r => $"{r.Node}.{r.Incarnation}").Order(StringComparer.Ordinal));
}
