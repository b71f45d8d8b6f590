using CsCheck;
using Presence.Actors.Model;
using Xunit;
using static Presence.Tests.Model.Samples;

namespace Presence.Tests.Model;

[Trait("Clause", "K2")]
public sealed class BookTests
{
    private static readonly Gen<BookPage> AnyPage =
        Gen.Select(Gen.Int[1, 3], Gen.Int[0, 2], Gen.OneOf(Gen.Long[1, 5], Gen.Const(long.MaxValue)))
            .Select((node, life, version) => new BookPage(new RelayId(node, 0, life), new Page(version, [])));

    [Theory]
    [InlineData(4, 5, 5)]
    [InlineData(5, 5, 5)]
    [InlineData(6, 5, 6)]
    [InlineData(long.MaxValue, 5, long.MaxValue)]
    public void The_higher_version_wins(long there, long comes, long stays)
    {
        var book = BookOf(new BookPage(R1, PageAt(there)), new BookPage(R2, PageAt(1)));
        var merged = book.Merge(R1, PageAt(comes));
        Assert.Equal(stays, merged[R1]!.Version);
        Assert.Equal(1, merged[R2]!.Version);
        Assert.Equal(there == stays, ReferenceEquals(book, merged));
    }

    [Fact]
    public void Whatever_the_order_and_however_often_the_book_is_the_same() =>
        Gen.Select(AnyPage.Array[0, 8], Gen.Int).Sample((pages, seed) =>
        {
            var shuffled = pages.Concat(pages).ToArray();
            new Random(seed).Shuffle(shuffled);
            Assert.Equal(Told(BookOf(pages).Pages), Told(BookOf(shuffled).Pages));
        });

    [Fact]
    public void A_page_is_newer_to_exactly_those_whose_own_would_change() =>
        Gen.Select(AnyPage.Array[0, 6], AnyPage.Array[0, 6]).Sample((mine, theirs) =>
        {
            var (book, other) = (BookOf(mine), BookOf(theirs));
            var lacking = book.Pages.Where(p => !ReferenceEquals(other.Merge(p.Relay, p.Page), other));

            // The end of a relay says nothing to those who never knew that it was there.
            lacking = lacking.Where(p => !p.Page.IsRetired || other.Knows(p.Relay));
            Assert.Equal(Told(lacking), Told(book.NewerThan(other.Digest)));
            Assert.All(book.Pages, p => Assert.Equal(ReferenceEquals(other.Merge(p.Relay, p.Page), other), other.Covers(p.Known)));
        });

    [Fact]
    public void A_digest_says_how_far_each_page_goes() =>
        Assert.True(
            BookOf(new BookPage(R1, PageAt(4)), new BookPage(R2, Page.Retired)).Digest
                .SequenceEqual([new Known(R1, 4), new Known(R2, long.MaxValue)]));

    [Fact]
    [Trait("Clause", "E2")]
    public void A_relay_that_is_restarted_continues_the_page_of_the_one_before()
    {
        var book = BookOf(new BookPage(R1, PageAt(900, Status(1, 1), Status(2, 1))));
        var page = PageAt(1, Status(1, 1), Status(2, 2));
        Assert.Equal("s2@1>s2@2", Told(book.Difference(R1Again, page)));

        var next = book.Merge(R1Again, page);
        Assert.Equal(["s1@1", "s2@2"], next.Sessions.Select(s => s.Status).Order(StringComparer.Ordinal));
        Assert.Null(next[R1]);
        Assert.True(next.HasSuccessorOf(R1));
        Assert.False(next.HasSuccessorOf(R1Again));
        Assert.Same(next, next.Merge(R1, PageAt(901, Status(1, 1))));
        Assert.Same(next, next.Merge(R1, Page.Retired));
    }

    [Fact]
    public void A_relay_can_come_after_one_that_is_gone() =>
        Assert.Equal("1.1:1", Told(BookOf(new BookPage(R1, Page.Retired), new BookPage(R1Again, PageAt(1))).Pages));
}
