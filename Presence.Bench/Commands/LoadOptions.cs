using System.Collections.Immutable;
using System.CommandLine;
using Presence.Bench.Plans;

namespace Presence.Bench.Commands;

/// <summary>The options that say what a load is and who connects. They change what the scenario says.</summary>
internal sealed class LoadOptions
{
    private readonly Option<int?> _connections = new("--connections") { Description = "How many connections there are, one per user." };
    private readonly Option<int?> _follows = new("--follows") { Description = "How many users each connection follows." };
    private readonly Option<int?> _hubs = new("--hubs") { Description = "How many users everybody else follows, and who alone publish; 0: none." };
    private readonly Option<double?> _rate = new("--rate") { Description = "Open loop: so many updates a second." };
    private readonly Option<int?> _window = new("--window") { Description = "Closed loop: so many updates unacknowledged at any time." };
    private readonly Option<double?> _seconds = new("--seconds") { Description = "For how long updates are sent (5)." };
    private readonly Option<double?> _warmUp = new("--warm-up") { Description = "For how many seconds the same is done before, uncounted (2)." };
    private readonly Option<int?> _statusBytes = new("--status-bytes") { Description = "The least length of a status; what is shorter is padded." };
    private readonly Option<int?> _inFlight = new("--in-flight") { Description = "How many handshakes, and how many follow requests, are under way at once (200)." };
    private readonly Option<double?> _rest = new("--rest") { Description = "How many seconds the server may come to rest after each step (1.5)." };
    private readonly Option<int?> _storms = new("--storms") { Description = "How often everybody comes and vanishes, in a storm." };
    private readonly Option<string?> _key = new("--key") { Description = "The HS256 key with which the server checks session tokens (defaultencryptionkey)." };
    private readonly Option<string?> _tokens = new("--tokens") { Description = "A file with a line per user instead: its id, a space, its session token.", HelpName = "FILE" };

    /// <summary>The key that the SDKs' servers have in development.</summary>
    private const string DevelopmentKey = "defaultencryptionkey";

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All => [_connections, _follows, _hubs, _rate, _window, _seconds, _warmUp, _statusBytes, _inFlight, _rest, _storms, _key, _tokens];

    /// <summary>The settings of a scenario with what was given in their place.</summary>
    /// <exception cref="UsageException">They are impossible.</exception>
    public LoadSettings Settings(ParseResult given, Scenario scenario)
    {
        if (given.GetValue(_storms) < 1)
            throw new UsageException("--storms must be at least 1.");
        var (rate, window) = (given.GetValue(_rate), given.GetValue(_window));
        var usual = scenario.Settings;
        var settings = usual with
        {
            Connections = given.GetValue(_connections) ?? usual.Connections,
            Follows = given.GetValue(_follows) ?? usual.Follows,
            Hubs = given.GetValue(_hubs) ?? usual.Hubs,
            // Either of the two replaces whatever the scenario has.
            Rate = rate is null && window is null ? usual.Rate : rate,
            Window = rate is null && window is null ? usual.Window : window,
            Seconds = given.GetValue(_seconds) ?? usual.Seconds,
            WarmUp = given.GetValue(_warmUp) ?? usual.WarmUp,
            StatusBytes = given.GetValue(_statusBytes) ?? usual.StatusBytes,
            InFlight = given.GetValue(_inFlight) ?? usual.InFlight,
            Rest = given.GetValue(_rest) ?? usual.Rest,
            StormRounds = usual.IsStorm ? given.GetValue(_storms) ?? usual.StormRounds : 0,
        };
        var faults = settings.Faults().ToArray();
        return faults.Length == 0 ? settings : throw new UsageException(string.Join('\n', faults));
    }

    /// <summary>Sees to it that what was given makes a difference somewhere: who gives it believes so.</summary>
    /// <exception cref="UsageException">Something makes none.</exception>
    public void RequireUse(ParseResult given, IEnumerable<LoadSettings> loads)
    {
        ImmutableArray<LoadSettings> all = [.. loads];
        Option[] ofUpdates = [_hubs, _rate, _window, _seconds, _warmUp, _statusBytes];
        var idle = ofUpdates.Where(_ => all.All(load => load.IsStorm))
            .Concat(all.All(load => load.IsStorm || load.Hubs > 0) ? [_follows] : [])
            .Concat(all.Any(load => load.IsStorm) ? [] : [_storms]);
        if (idle.FirstOrDefault(option => given.GetResult(option) is not null) is { } useless)
            throw new UsageException($"{useless.Name} has nothing to do with what is to be done.");
    }

    /// <summary>Who connects.</summary>
    /// <exception cref="UsageException">There are no such tokens.</exception>
    public async Task<ImmutableArray<Account>> AccountsAsync(ParseResult given, int count)
    {
        if (given.GetValue(_tokens) is not { } file)
            return Account.Mint(count, given.GetValue(_key) ?? DevelopmentKey, DateTimeOffset.UtcNow);
        if (given.GetValue(_key) is not null)
            throw new UsageException("There is either a --key or --tokens.");
        try
        {
            return Account.Read(await File.ReadAllLinesAsync(file).ConfigureAwait(false), count);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The tokens cannot be read: {e.Message}");
        }
    }
}
