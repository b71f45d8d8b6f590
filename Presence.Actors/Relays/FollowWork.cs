using System.Collections.Immutable;
using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Actors.Relays;

/// <summary>
/// A follow or an unfollow of one connection, or the end of all its follows, as far as a relay has carried it out. It can name
/// thousands of subjects, so the relay carries it out in steps of one subject.
/// </summary>
internal sealed class FollowWork
{
    /// <summary>How many steps of one user are done before the next user has its turn.</summary>
    public const int StepsPerTurn = 32;

    private readonly ImmutableArray<Subject> _subjects;
    private readonly RelayEntry[]? _entries;
    private ImmutableArray<RelayReply.Snapshot>.Builder? _known;
    private int _next;

    private FollowWork(Follower follower, bool isRelease, ImmutableArray<Subject> subjects, RelayEntry[]? entries, long? request)
    {
        Follower = follower;
        IsRelease = isRelease;
        Request = request;
        _subjects = subjects;
        _entries = entries;
    }

    /// <summary>The connection.</summary>
    public Follower Follower { get; }

    /// <summary>Whether follows end; otherwise they begin.</summary>
    public bool IsRelease { get; }

    /// <summary>Names the request in the answer; null: there is no answer.</summary>
    public long? Request { get; }

    /// <summary>Whether a limit that held it up has been counted.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsDone => _next >= Steps;

    private int Steps => _entries?.Length ?? _subjects.Length;

    /// <summary>The subject of the next step.</summary>
    public Subject Subject => _entries is null ? _subjects[_next] : _entries[_next].Subject;

    /// <summary>The entry of the next step, where the work names entries.</summary>
    public RelayEntry? Entry => _entries?[_next];

    /// <summary>The connection follows subjects.</summary>
    public static FollowWork Follow(Follower follower, RelayCommand.Follow command) =>
        new(follower, isRelease: false, command.Subjects, null, command.Request);

    /// <summary>The connection does not follow subjects any more.</summary>
    public static FollowWork Unfollow(Follower follower, RelayCommand.Unfollow command) =>
        new(follower, isRelease: true, command.Subjects, null, command.Request);

    /// <summary>The connection has ended, and with it everything that it follows.</summary>
    public static FollowWork EndAll(Follower follower) =>
        new(follower, isRelease: true, [], follower.Follows.ToArray(), null);

    /// <summary>One more step is done.</summary>
    public void Advance() => _next++;

    /// <summary>The rest is not needed any more.</summary>
    public void Cancel() => _next = int.MaxValue;

    /// <summary>The answer for a subject is known at once.</summary>
    public void AddKnown(RelayReply.Snapshot snapshot) =>
        (_known ??= ImmutableArray.CreateBuilder<RelayReply.Snapshot>(Math.Min(StepsPerTurn, Steps - _next))).Add(snapshot);

    /// <summary>Takes the answers that were known at once, to be sent together.</summary>
    public ImmutableArray<RelayReply.Snapshot> TakeKnown()
    {
        if (_known is null)
            return [];
        var known = _known.DrainToImmutable();
        _known = null;
        return known;
    }
}
