using Nakama;
using Xunit;

namespace Presence.Tests.Sdk;

/// <summary>What an application shows of the users that it follows: the answer to its follow, then event by event.</summary>
internal sealed class FollowerView
{
    private readonly Dictionary<(string User, string Session), string> _shown = [];

    public FollowerView(IEnumerable<IUserPresence> answer)
    {
        foreach (var presence in answer)
            _shown.Add((presence.UserId, presence.SessionId), presence.Status);
    }

    /// <summary>Takes an event, which must start where the last one of its session ended (contract E2).</summary>
    public void Apply(StatusChange change)
    {
        var session = (change.UserId, change.SessionId);
        Assert.Equal(_shown.GetValueOrDefault(session), change.Before);
        if (change.Now is null)
            _shown.Remove(session);
        else
            _shown[session] = change.Now;
    }

    /// <summary>Takes events until the view is as expected.</summary>
    public async Task ApplyUntilAsync(Player follower, Func<IReadOnlyCollection<string>, bool> expected)
    {
        while (!expected(_shown.Values))
            Apply(await follower.NextAsync());
    }
}
