using Presence.Actors.Model;
using Presence.Tests.Semantics.Clients;

namespace Presence.Tests.Clusters.Oracle;

/// <summary>
/// Reads one follower's transcript as a client would that keeps its picture by the rules, and reports everything that the truth
/// or the picture speaks against.
/// </summary>
internal sealed class Witness(Life self, Truth truth, Figures figures, List<Finding> findings)
{
    /// <summary>The deed after the last: the session is over, and nothing of it can come.</summary>
    private const int Over = int.MaxValue;

    private readonly Dictionary<string, (Shown Shown, Life Maker, int Deed)> _picture = new(StringComparer.Ordinal);
    private readonly HashSet<UserId> _follows = [];
    private readonly HashSet<UserId> _unfollowed = [];

    // Per session, how far in its life this follower has been taken; nothing may go back behind it (contract E3, E4).
    private readonly Dictionary<Life, int> _reached = [];

    // What an answer has not shown though it was in force, and must be told by then (contract S7).
    private readonly List<(Life Maker, int Deed, TimeSpan By, int Position)> _owed = [];

    private int _position = -1;

    public void Hear(Heard heard)
    {
        _position++;
        ExpectOwed(heard.At);
        switch (heard)
        {
            case Heard.Event change:
                figures.Events++;
                Hear(change);
                break;
            case Heard.Answer answer:
                figures.Follows++;
                Hear(answer);
                break;
            case Heard.Unfollowed unfollowed:
                foreach (var user in unfollowed.Users)
                    Forget(user, unfollowed.At);
                break;
            case Heard.Refused refused:
                Report("L3", $"a request without a fault was refused: {refused.Why}", refused.At, null);
                break;
        }
    }

    /// <summary>The transcript is over.</summary>
    /// <param name="isAtRest">Whether the follower must know the truth by now, if it is still there.</param>
    public void Finish(bool isAtRest)
    {
        _position = self.Transcript.Length;
        var end = truth.GoneFrom(self) ?? truth.End;
        ExpectOwed(end);
        foreach (var (_, maker, _) in _picture.Values.ToList())
            ExpectLeftInTime(maker, end, "still shows");
        if (isAtRest && self.Ending is null)
            ExpectTruth();
    }

    // ---- events

    private void Hear(Heard.Event change)
    {
        if (change.Joins.Count == 0 && change.Leaves.Count == 0)
            Report("E1", "an event of nothing", change.At, null);
        if (Repeated(change.Joins) is { } twice || Repeated(change.Leaves) is { } again && (twice = again) is not null)
            Report("E3", $"one event tells of {twice} twice", change.At, null);
        foreach (var leave in change.Leaves)
        {
            var join = change.Joins.FirstOrDefault(j => j.Session == leave.Session);
            Change(leave, join, change.At);
        }

        foreach (var join in change.Joins.Where(j => change.Leaves.All(l => l.Session != j.Session)))
            Change(null, join, change.At);
    }

    private void Change(Shown? old, Shown? next, TimeSpan at)
    {
        var user = (next ?? old)!.User;
        var isOwn = user == self.User;
        if (!isOwn && !_follows.Contains(user))
            ReportUninvited((next ?? old)!, at);

        var last = _picture.TryGetValue((next ?? old)!.Session, out var shown) ? shown.Shown : null;
        // What the own other devices showed before this session is not told (contract F9); their first event may begin anywhere.
        var isFirstOfOwn = isOwn && last is null && old is not null && truth.MakerOf(old) is { } other && !_reached.ContainsKey(other.Maker) && other.Maker != self;
        if (last != old && !isFirstOfOwn)
        {
            Report("E2", (old, last) switch
            {
                (null, _) => $"{next} joins without a leave while {last} is shown",
                (_, null) => $"{old} leaves, but nothing of it is shown",
                _ => $"{old} leaves while {last} is shown",
            }, at, truth.MakerOf((next ?? old)!)?.Maker ?? shown.Maker);
        }

        if (next is not null)
            Show(next, at, isAnswer: false);
        else if (truth.MakerOf(old!) is { } made)
            Leave(old!, made.Maker, made.Deed, at);
        else
            ReportInvented(old!, at);
    }

    private void Show(Shown shown, TimeSpan at, bool isAnswer)
    {
        if (truth.MakerOf(shown) is not var (maker, deed) || maker.Deeds[deed].Sent > at)
        {
            ReportInvented(shown, at);
            return;
        }

        if (_reached.TryGetValue(maker, out var reached) && (isAnswer ? deed < reached : deed <= reached))
        {
            var (clause, what) = reached == Over
                ? ("E6", $"{shown} is shown after the last leave of its session")
                : isAnswer ? ("F2", $"{shown} is answered although something newer had been told")
                : deed == reached ? ("E3", $"{shown} comes twice") : ("E4", $"{shown} comes after something newer of its session");
            Report(clause, what, at, maker);
        }

        if (!isAnswer && maker != self)
            Measure(maker, maker.Deeds[deed], at);
        Reach(maker, deed);
        _picture[shown.Session] = (shown, maker, deed);
    }

    private void Leave(Shown old, Life maker, int deed, TimeSpan at)
    {
        if (Explanation(maker, deed, at) is { } explained)
        {
            Reach(maker, explained);
        }
        else
        {
            Report("K2", $"{old} leaves, but its session neither erased nor ended: a false leave", at, maker);
        }

        if (maker.Ending is { } ending && !maker.Deeds.Skip(deed + 1).Any(d => d.Status is null))
        {
            if (truth.KilledAt(maker) is { } killed)
                figures.CrashLeaves.Add(at - killed);
            else
                figures.EndLeaves.Add(at > ending.From ? at - ending.From : TimeSpan.Zero);
        }

        ExpectLeftInTime(maker, at, "was told too late of");
        _picture.Remove(old.Session);
    }

    /// <summary>The deed that explains that a session is not shown any more; null if there is none.</summary>
    private int? Explanation(Life maker, int shown, TimeSpan at)
    {
        for (var i = shown + 1; i < maker.Deeds.Length && maker.Deeds[i].Sent <= at; i++)
        {
            if (maker.Deeds[i].Status is null)
                return i;
        }

        return truth.GoneFrom(maker) <= at ? Over : null;
    }

    // ---- answers

    private void Hear(Heard.Answer answer)
    {
        if (Repeated(answer.Presences) is { } twice)
            Report("F1", $"the answer shows {twice} twice", answer.At, null);
        foreach (var stranger in answer.Presences.Where(p => !answer.Names(p.User)))
            Report("F1", $"the answer shows {stranger}, who was not asked for", answer.At, null);
        foreach (var own in answer.Presences.Where(p => truth.MakerOf(p)?.Maker == self))
            Report("F9", $"the answer shows {own}, the connection that asked", answer.At, null);
        foreach (var user in answer.Ids.Concat(answer.Holders).Distinct())
            Hear(answer, user);
    }

    private void Hear(Heard.Answer answer, UserId user)
    {
        var told = answer.Presences.Where(p => p.User == user).ToList();
        // An answer by name is silent about a user whose last session has just ended; the leave is on its way (contract F4).
        var isSilent = told.Count == 0 && !answer.Ids.Contains(user);
        var wasFollowed = !_follows.Add(user);
        _unfollowed.Remove(user);
        if (!(isSilent && wasFollowed))
        {
            foreach (var (shown, maker, deed) in _picture.Values.Where(p => p.Shown.User == user && p.Maker != self).ToList())
            {
                if (told.Any(p => p.Session == shown.Session))
                    continue;
                if (Explanation(maker, deed, answer.At) is { } explained)
                    Reach(maker, explained);
                else
                    Report("F2", $"the answer lacks {shown}, whose session neither erased nor ended", answer.At, maker);
                ExpectLeftInTime(maker, answer.At, "was told too late of");
                _picture.Remove(shown.Session);
            }

            foreach (var shown in told)
                Show(shown, answer.At, isAnswer: true);
        }

        foreach (var maker in truth.Lives[user].Where(m => m != self))
            ExpectInForce(maker, answer, told, isByName: !answer.Ids.Contains(user));
    }

    /// <summary>What was acknowledged before the follow was asked for is in its answer, or on its way from another node.</summary>
    private void ExpectInForce(Life maker, Heard.Answer answer, List<Shown> told, bool isByName)
    {
        var inForce = -1;
        for (var i = 0; i < maker.Deeds.Length && maker.Deeds[i].Sent <= answer.Asked; i++)
        {
            if (maker.Deeds[i].Acknowledged <= answer.Asked)
                inForce = i;
        }

        if (inForce < 0 || truth.GoneFrom(maker) <= answer.At)
            return;
        var shown = told.Select(truth.MakerOf).FirstOrDefault(m => m?.Maker == maker)?.Deed;
        if (shown is { } deed ? deed >= inForce : HasNothing(maker, inForce, answer.At))
            return;
        // A name is resolved by its own home, which may be on another node.
        if (maker.Node == self.Node && !isByName)
            Report("S7", $"the answer shows {(shown is { } s ? $"'{maker.Deeds[s].Status}'" : "nothing")} of {maker.Name}, whose deed {inForce} was acknowledged on the same node before", answer.At, maker);
        else
            _owed.Add((maker, inForce, truth.CrossingDeadline(answer.At), _position));
    }

    /// <summary>Whether a session that had come to this deed may show nothing at that time.</summary>
    private static bool HasNothing(Life maker, int deed, TimeSpan at) =>
        maker.Deeds.Skip(deed).TakeWhile(d => d.Sent <= at).Any(d => d.Status is null);

    private void ExpectOwed(TimeSpan now)
    {
        for (var i = _owed.Count - 1; i >= 0; i--)
        {
            var (maker, deed, by, _) = _owed[i];
            var isDone = _reached.TryGetValue(maker, out var reached) && reached >= deed || truth.GoneFrom(maker) <= by;
            if (isDone || now > by)
                _owed.RemoveAt(i);
            if (!isDone && now > by)
                Report("S7", $"deed {deed} of {maker.Name} was acknowledged before the follow and has not come by {by.TotalSeconds:F3}", by, maker);
        }
    }

    private void Forget(UserId user, TimeSpan at)
    {
        if (user == self.User)
            return;
        foreach (var (shown, maker, _) in _picture.Values.Where(p => p.Shown.User == user).ToList())
        {
            ExpectLeftInTime(maker, at, "still shows");
            _picture.Remove(shown.Session);
        }

        _follows.Remove(user);
        _unfollowed.Add(user);
        _owed.RemoveAll(o => o.Maker.User == user);
    }

    // ---- ends

    /// <summary>A session that has ended is not shown beyond the bound for it (contract E6, K3).</summary>
    private void ExpectLeftInTime(Life maker, TimeSpan until, string what)
    {
        if (maker.Ending is null || truth.LeaveDeadline(maker) is var deadline && until <= deadline)
            return;
        var killed = truth.KilledAt(maker);
        Report(killed is null ? "E6" : "K3",
            $"{what} {maker.Name}, which was over at {(killed ?? maker.Ending.At).TotalSeconds:F3} and had to be gone by {deadline.TotalSeconds:F3}", until, maker);
    }

    private void ExpectTruth()
    {
        foreach (var user in _follows.Where(u => u != self.User))
        {
            foreach (var maker in truth.Lives[user].Where(l => l.Ending is null && l.Deeds is [.., { Acknowledged: not null }]))
                ExpectTruth(maker);
        }

        foreach (var maker in truth.Lives[self.User].Where(l => l.Ending is null && l.Deeds is [.., { Acknowledged: not null } last] && last.Sent >= self.Opened))
            ExpectTruth(maker);
    }

    private void ExpectTruth(Life maker)
    {
        var shown = _picture.Values.Where(p => p.Maker == maker).Select(p => p.Shown.Status).FirstOrDefault();
        var last = maker.Deeds[^1].Status;
        if (shown != last)
        {
            var what = $"at rest {self.Name} is shown {Quoted(shown)} of {maker.Name}, which shows {Quoted(last)}";
            findings.Add(new Finding("E3", what, truth.End, self, _position, maker) { IsOfRest = true });
        }
    }

    // ---- figures and reports

    private void Measure(Life maker, Deed deed, TimeSpan at) =>
        (maker.Node == self.Node ? figures.SameNode : figures.OtherNode).Add(at - deed.Sent);

    private void Reach(Life maker, int deed)
    {
        if (!_reached.TryGetValue(maker, out var reached) || deed > reached)
            _reached[maker] = deed;
    }

    private void ReportUninvited(Shown shown, TimeSpan at)
    {
        var maker = truth.MakerOf(shown)?.Maker;
        var isEarly = self.Transcript.Skip(_position).OfType<Heard.Answer>().FirstOrDefault(a => a.Names(shown.User)) is { } answer && answer.Asked <= at;
        if (isEarly)
            Report("F2", $"an event of {shown} before the answer to the follow", at, maker);
        else if (_unfollowed.Contains(shown.User))
            Report("F7", $"an event of {shown} after the reply to the unfollow", at, maker);
        else
            Report("E5", $"an event of {shown}, who is not followed", at, maker);
    }

    private void ReportInvented(Shown shown, TimeSpan at) =>
        Report("E1", $"{shown} is told, which nobody had set by then", at, truth.Lives[shown.User].FirstOrDefault());

    private static Shown? Repeated(IReadOnlyList<Shown> presences) =>
        presences.Count < 2 ? null : presences.GroupBy(p => p.Session).FirstOrDefault(g => g.Count() > 1)?.First();

    private static string Quoted(string? status) => status is null ? "nothing" : $"'{status}'";

    private void Report(string clause, string what, TimeSpan at, Life? maker) =>
        findings.Add(new Finding(clause, what, at, self, _position, maker));
}
