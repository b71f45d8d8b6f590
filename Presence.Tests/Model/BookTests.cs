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
    public void The_page_of_a_relay_replaces_that_of_the_failed_one_in_whose_place_it_was_started()
    {
        var (failed, next, other) = (R1, R1 with { Incarnation = 7 }, R1 with { Index = 1, Incarnation = 9 });
        var book = BookOf(new BookPage(failed, PageAt(5, Status(1, 1))), new BookPage(other, PageAt(1)));
        var merged = book.Merge(next, PageAt(1));
        Assert.Equal("1.7:1, 1.9:1", Told(merged.Pages));
        Assert.True(merged[failed]!.IsRetired);
        Assert.Same(merged, merged.Merge(failed, PageAt(6)));
        // Whoever knows the failed one lacks it, even if it has gone too.
        Assert.Equal("1.7:1", Told(merged.NewerThan([new Known(failed, 5), new Known(other, 1)], self: default)));
        Assert.Equal("1.7:end", Told(merged.Merge(next, Page.Retired).NewerThan([new Known(failed, 5), new Known(other, 1)], self: default)));
        Assert.Empty(book.NewerThan([new Known(next, 1), new Known(other, 1)], self: default));
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
            lacking = lacking.Where(p => !p.Page.IsRetired || other.ReplacedBy(p.Relay) is not null);
            Assert.Equal(Told(lacking), Told(book.NewerThan(other.Digest, self: default)));
        });

    [Fact]
    public void A_digest_says_how_far_each_page_goes() =>
        Assert.True(
            BookOf(new BookPage(R1, PageAt(4)), new BookPage(R2, Page.Retired)).Digest
                .SequenceEqual([new Known(R1, 4), new Known(R2, long.MaxValue)]));
}
