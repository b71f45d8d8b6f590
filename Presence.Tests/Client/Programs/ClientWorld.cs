using Presence.Actors.Model;
using Presence.Client;
using Presence.Tests.Client.Cuts;
using Presence.Tests.Host;
using Presence.Tests.Programs;

namespace Presence.Tests.Client.Programs;

/// <summary>
/// Runs one program with clients of the library. Users and devices are those of this program alone, so any number of programs can share a server.
/// Nothing but a
/// <see cref="Step.Wait"/> waits for the answers to requests.
/// </summary>
internal sealed class ClientWorld(ServerFixture server, ClientKind kind)
{
    private const int MostClients = 8;

    private readonly Truth _truth = new();
    private readonly Person[] _people =
        [.. Enumerable.Range(0, World.Users).Select(i => new Person(Guid.NewGuid(), $"user{i}-{Guid.NewGuid().ToString()[..8]}"))];
    private readonly List<Participant> _live = [];
    private int _devices;

    public static async Task RunAsync(ServerFixture server, ClientKind kind, Step[] program)
    {
        var world = new ClientWorld(server, kind);
        try
        {
            foreach (var step in program)
                await world.TakeAsync(step);
            await world.SettleAsync();
        }
        finally
        {
            await Task.WhenAll(world._live.Select(p => p.DisposeAsync().AsTask()));
        }
    }

    private Participant? At(int index) => _live.Count == 0 ? null : _live[index % _live.Count];

    private async Task TakeAsync(Step step)
    {
        switch (step)
        {
            case Step.Connect connect when _live.Count < MostClients:
                await ConnectAsync(_people[connect.User], connect.AppearsOnline);
                break;
            case Step.Set set:
                At(set.Connection)?.Show(set.Repeats);
                break;
            case Step.Erase erase:
                At(erase.Connection)?.Erase();
                break;
            case Step.Follow follow:
                At(follow.Connection)?.Follow(Among(follow.Users), follow.ByName);
                break;
            case Step.Unfollow unfollow:
                At(unfollow.Connection)?.Unfollow(Among(unfollow.Users));
                break;
            case Step.Disconnect disconnect when At(disconnect.Connection) is { } leaving:
                _live.Remove(leaving);
                await leaving.DisposeAsync();
                break;
            case Step.Stall stall:
                At(stall.Connection)?.Stall();
                break;
            case Step.Resume resume:
                At(resume.Connection)?.Resume();
                break;
            case Step.Wait:
                await AnsweredAsync();
                break;
        }
    }

    private List<Person> Among(int mask) => [.. _people.Where((_, i) => (mask & (1 << i)) != 0)];

    private async Task ConnectAsync(Person person, bool showsAtOnce)
    {
        // Every other client merges what it has not taken; the others must be told each single change.
        var device = $"{person.Name}.{_devices}";
        var usual = Clients.OptionsOf(server, kind, new UserId(person.Id), person.Name);
        var merges = _devices++ % 2 == 1;
        var participant = new Participant(
            person,
            device,
            new Heard(_truth, person, isExact: !merges),
            _truth,
            await PresenceClient.ConnectAsync(new PresenceClientOptions
            {
                Server = usual.Server,
                Format = usual.Format,
                TokenProvider = usual.TokenProvider,
                Backlog = merges ? 2 : usual.Backlog,
            }).WaitAsync(Clients.Patience));
        _live.Add(participant);
        if (showsAtOnce)
            participant.Show(again: false);
    }

    private Task AnsweredAsync() => Task.WhenAll(_live.Select(p => p.AnsweredAsync()));

    /// <summary>Everything comes to rest: each client ends up with the truth (contract E3).</summary>
    private async Task SettleAsync()
    {
        foreach (var participant in _live)
            participant.Resume();
        await AnsweredAsync();
        foreach (var participant in _live)
            await participant.UntilItKnowsAsync(_truth.Shown);
    }
}
