using System.Collections.Immutable;

namespace Presence.Client.Requests;

/// <summary>
/// Something that the caller has asked for and that is not in force yet: an intent, not a message, since it is sent again when the
/// link breaks before it was answered. It ends once: in force, refused, cancelled, or with the client.
/// </summary>
internal abstract class Call
{
    /// <summary>How many messages of it are not answered yet.</summary>
    public int Unanswered { get; set; }

    /// <summary>Whether it was sent on the present link.</summary>
    public bool IsSent { get; set; }

    /// <summary>How many of its messages were accepted on the present link.</summary>
    public int Accepted { get; set; }

    /// <summary>Whether the caller wants it no more.</summary>
    public bool IsCancelled { get; set; }

    /// <summary>The first refusal of any of its messages.</summary>
    public PresenceRequestException? Refusal { get; set; }

    /// <summary>Ends it with an exception.</summary>
    public abstract void Fail(Exception fault);

    /// <summary>Ends it because its caller wants it no more.</summary>
    public abstract void Cancel(CancellationToken cancel);

    /// <summary>It starts over, on another link.</summary>
    public void Restart() => (Unanswered, IsSent, Accepted, Refusal) = (0, false, 0, null);
}

/// <summary>A call with an answer.</summary>
internal abstract class Call<T> : Call
{
    private readonly TaskCompletionSource<T> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Ended => _ended.Task;

    public void Complete(T answer) => _ended.TrySetResult(answer);

    public override void Fail(Exception fault) => _ended.TrySetException(fault);

    public override void Cancel(CancellationToken cancel) => _ended.TrySetCanceled(cancel);
}

/// <summary>Shows a status, or nothing.</summary>
internal sealed class StatusCall(string? status) : Call<bool>
{
    public string? Status { get; } = status;
}

/// <summary>Follows users.</summary>
internal sealed class FollowCall(FollowRequest follow) : Call<IReadOnlyList<UserPresence>>
{
    public FollowRequest Follow { get; } = follow;
}

/// <summary>Unfollows users.</summary>
internal sealed class UnfollowCall(IEnumerable<Guid> users) : Call<bool>
{
    public ImmutableArray<Guid> Users { get; } = [.. users.Distinct()];
}
