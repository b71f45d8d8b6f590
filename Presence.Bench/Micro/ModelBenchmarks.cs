using BenchmarkDotNet.Attributes;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Bench.Micro;

/// <summary>
/// What the rules cost per change: the steps of a relay's share and of a home, for a user with one connection, watched here and on
/// another node.
/// </summary>
public class ModelBenchmarks
{
    private NodeShare _settled = NodeShare.None;
    private NodeShare _owing = NodeShare.None;
    private Home _home = null!;
    private Book _book = Book.Empty;
    private ReportAccepted _accepted = null!;
    private PresenceChanged _changed = null!;
    private NodeReport _report = null!;
    private SessionStatus _status = null!;
    private Page _page = null!;

    /// <summary>Makes a share and a home that have come to rest.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        _home = new Home(Cast.Subject, incarnation: 7);
        Settle(NodeShare.None.Watch(1).Next.Put(Cast.Status(2), 2));
        _home = _home.Report(new NodeReport(Cast.Subject, Cast.There, Cast.Page(3), Watching: true, [])).Next;
        Settle(_settled.Resend(4));

        _status = Cast.Status(5);
        var put = _settled.Put(_status, 5);
        _owing = put.Next;
        _report = _owing.ToReport(Cast.Subject, Cast.Here, put.Report!);
        _accepted = _home.Report(_report).Accepted!;
        _page = Cast.Page(6);
        _changed = _home.Report(new NodeReport(Cast.Subject, Cast.There, _page, Watching: true, [])).Change!;
        _book = _settled.Book;
    }

    /// <summary>A connection of this node shows another status.</summary>
    [Benchmark]
    public NodeShare Put() => _settled.Put(_status, 5).Next;

    /// <summary>The home has accepted it: this node's followers are told.</summary>
    [Benchmark]
    public int Accept() => _owing.Accept(_accepted, Cast.Here, Departed.Nobody, 6).Changes.Length;

    /// <summary>The home tells of a change on another node: this node's followers are told.</summary>
    [Benchmark]
    public int Changed() => _settled.Changed(_changed, Departed.Nobody, 6).Changes.Length;

    /// <summary>The home is told of a change, and tells the other node.</summary>
    [Benchmark]
    public int Report() => _home.Report(_report).Audience.Length;

    /// <summary>A newer page is put into a book of two.</summary>
    [Benchmark]
    public Book Merge() => _book.Merge(Cast.There, _page);

    private void Settle(NodeShare.Step reported)
    {
        var step = _home.Report(reported.Next.ToReport(Cast.Subject, Cast.Here, reported.Report!));
        _home = step.Next;
        _settled = reported.Next.Accept(step.Accepted!, Cast.Here, Departed.Nobody, 3).Next;
    }
}
