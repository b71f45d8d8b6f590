using System.Text;
using Presence.Client;
using Presence.Tests.Client.Cuts;
using Presence.Tests.Client.Faults;

namespace Presence.Tests.Client.Programs;

/// <summary>
/// One client of a program and the consumer of its changes, which can stall. What it asks for is sent at once, but for one thing: a request that
/// unfollows a user waits for those before it that name the user, and those behind it wait for it. Else a change that is taken meanwhile could
/// belong to either follow.
/// </summary>
internal sealed class Participant : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Person _person;
    private readonly string _device;
    private readonly Heard _heard;
    private readonly Truth _truth;
    private readonly PresenceClient _client;
    private readonly StatusSubscription _changes;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _asked = [];
    private readonly List<Naming> _naming = [];
    private readonly List<Answer> _answers = [];
    private readonly StringBuilder _story = new();
    private readonly Task _listening;
    private TaskCompletionSource _mayGoOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Participant(Person person, string device, Heard heard, Truth truth, PresenceClient client)
    {
        (_person, _device, _heard, _truth, _client) = (person, device, heard, truth, client);
        _changes = client.Subscribe();
        _mayGoOn.SetResult();
        _listening = Task.Run(ListenAsync);
    }

    public void Show(bool again)
    {
        var status = again ? _truth.Again(_device) : _truth.Next(_device);
        Ask($"shows {status ?? "nothing"}", () => status is null ? _client.EraseStatusAsync() : _client.SetStatusAsync(status));
    }

    public void Erase()
    {
        _truth.Nothing(_device);
        Ask("shows nothing", () => _client.EraseStatusAsync());
    }

    public void Follow(IReadOnlyList<Person> people, bool byName) => Ask(
        $"follows {Names(people)}{(byName ? " by name" : "")}", () => NameAsync(people, isEnd: false, () => FollowAsync(people, byName)));

    public void Unfollow(IReadOnlyList<Person> people) => Ask(
        $"unfollows {Names(people)}", () => NameAsync(people, isEnd: true, () => UnfollowAsync(people)));

    /// <summary>The consumer takes no change any more.</summary>
    public void Stall()
    {
        lock (_gate)
        {
            if (_mayGoOn.Task.IsCompleted)
                _mayGoOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Resume()
    {
        lock (_gate)
            _mayGoOn.TrySetResult();
    }

    /// <summary>Waits until all that it asked for is in force.</summary>
    public async Task AnsweredAsync()
    {
        try
        {
            await Task.WhenAll(_asked).WaitAsync(Clients.Patience);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.Message}\n{Describe()}", e);
        }

        _asked.Clear();
    }

    /// <summary>Waits until both the rosters and the sum of what was told are the truth of whom it follows (contract E3).</summary>
    public async Task UntilItKnowsAsync(IEnumerable<string> shown)
    {
        string[] truth = [.. shown.Where(_heard.Follows)];
        await Until.TrueAsync(
            () => _listening.IsFaulted || (IsTruth(_client.Roster) && IsTruth(_changes.Roster) && Sum().SequenceEqual(truth)),
            $"E3: {string.Join(' ', truth)}",
            Clients.Patience,
            Describe);
        if (_listening.IsFaulted)
            await _listening;

        bool IsTruth(Roster roster) => roster.IsCurrent && roster.Select(p => p.Status).Order(StringComparer.Ordinal).SequenceEqual(truth);
        IEnumerable<string> Sum()
        {
            lock (_gate)
                return _heard.Shown;
        }
    }

    /// <summary>Ends it, whatever is under way; all that it was told must have been true.</summary>
    public async ValueTask DisposeAsync()
    {
        _truth.End(_device);
        await _stop.CancelAsync();
        await _client.DisposeAsync();
        Resume();
        await _listening.WaitAsync(Clients.Patience);
        _stop.Dispose();
    }

    private static string Names(IEnumerable<Person> people) => string.Join(", ", people.Select(p => p.Name));

    private void Ask(string what, Func<Task> ask)
    {
        lock (_gate)
            _story.AppendLine($"  {what}");
        _asked.Add(ask());
    }

    private Task NameAsync(IReadOnlyList<Person> people, bool isEnd, Func<Task> ask)
    {
        lock (_gate)
        {
            var before = _naming.Where(n => (isEnd || n.IsEnd) && n.People.Intersect(people).Any()).Select(n => n.Done).ToList();
            var done = AskBehindAsync(before);
            _naming.Add(new Naming(people, isEnd, done));
            return done;
        }

        async Task AskBehindAsync(IEnumerable<Task> before)
        {
            await Task.WhenAll(before);
            await ask();
        }
    }

    private async Task FollowAsync(IReadOnlyList<Person> people, bool byName)
    {
        Answer answer;
        lock (_gate)
        {
            answer = new Answer(
                people, byName, _heard.Now, byName ? _client.FollowAsync(people.Select(p => p.Name)) : _client.FollowAsync(people.Select(p => p.Id)));
            _answers.Add(answer);
        }

        await answer.Shown;
        lock (_gate)
            Learn(answer);
    }

    private async Task UnfollowAsync(IReadOnlyList<Person> people)
    {
        await _client.UnfollowAsync(people.Select(p => p.Id));
        lock (_gate)
        {
            foreach (var person in people)
            {
                _heard.Forget(person);
                if (_client.Roster.IsOnline(person.Id))
                    throw new InvalidOperationException($"F7: {person.Name} is in the roster and not followed any more");
            }

            CheckSum();
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            await TakeAllAsync();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.Message}\n{Describe()}", e);
        }
    }

    private async Task TakeAllAsync()
    {
        while (true)
        {
            await _mayGoOn.Task;
            if (_stop.IsCancellationRequested)
                return;
            lock (_gate)
            {
                if (_changes.TryTake(out var change))
                {
                    Take(change);
                    continue;
                }
            }

            // The look around of a loop that draws frames.
            await Task.Delay(1, CancellationToken.None);
        }
    }

    private void Take(StatusChange change)
    {
        _story.AppendLine($"  is told {change.Username} {change.Old ?? "nothing"} -> {change.New ?? "nothing"}");
        // A change comes behind the answer that it begins at, but the caller of the follow may not have gone on yet.
        if (!_heard.Follows(change.UserId) && _answers.Find(a => a.People.Any(p => p.Id == change.UserId)) is { } first)
            Learn(first);
        _heard.Apply(change);
        CheckSum();
    }

    /// <summary>Answers count in the order in which they were asked for.</summary>
    private void Learn(Answer answer)
    {
        while (_answers.Contains(answer))
        {
            var next = _answers[0];
            if (!next.Shown.Wait(Clients.Patience))
                throw new TimeoutException($"No answer to the follow of {Names(next.People)}");
            _answers.RemoveAt(0);
            _story.AppendLine($"  is shown {string.Join(", ", next.Shown.Result.Select(p => p.Status))}");
            _heard.Learn(next.People, next.ByName, next.Shown.Result, next.Before);
        }

        CheckSum();
    }

    /// <summary>The subscription's roster is the sum of what was told, but for those of whom something is being asked.</summary>
    private void CheckSum()
    {
        var asked = _naming.Where(n => !n.Done.IsCompleted).SelectMany(n => n.People).Select(p => p.Id).ToHashSet();
        _heard.Check(_changes.Roster.Where(p => !asked.Contains(p.UserId)), asked);
    }

    private string Describe()
    {
        lock (_gate)
            return $"{_device} of {_person.Name}, {_client.State}:\n{_story}";
    }

    /// <summary>A request that names users.</summary>
    private sealed record Naming(IReadOnlyList<Person> People, bool IsEnd, Task Done);

    /// <summary>The answer to a follow, once it is there, and what was told before it was asked for.</summary>
    private sealed record Answer(
        IReadOnlyList<Person> People, bool ByName, IReadOnlyDictionary<(Guid, string), Place> Before, Task<IReadOnlyList<UserPresence>> Shown);
}
