using System.Globalization;

namespace Presence.Tests.Client.Cuts;

/// <summary>
/// All that the devices of a test have shown, in order. A status says which device shows it and how many it has shown before, so no
/// two are alike.
/// </summary>
internal sealed class Truth
{
    private readonly object _gate = new();
    private readonly Dictionary<string, List<string?>> _histories = new(StringComparer.Ordinal);
    private readonly HashSet<string> _ended = new(StringComparer.Ordinal);

    /// <summary>The next status of a device; recorded before anybody can be told of it.</summary>
    public string Next(string device)
    {
        lock (_gate)
        {
            var history = Of(device);
            var status = string.Create(CultureInfo.InvariantCulture, $"{device}#{history.Count}");
            history.Add(status);
            return status;
        }
    }

    /// <summary>A device is about to show nothing.</summary>
    public void Nothing(string device)
    {
        lock (_gate)
            Of(device).Add(null);
    }

    /// <summary>A device is about to show again what it shows, whatever that is.</summary>
    public string? Again(string device)
    {
        lock (_gate)
        {
            var history = Of(device);
            history.Add(history[^1]);
            return history[^1];
        }
    }

    /// <summary>A device is about to end, perhaps before it has shown all that is recorded.</summary>
    public void End(string device)
    {
        lock (_gate)
        {
            Of(device).Add(null);
            _ended.Add(device);
        }
    }

    /// <summary>What the devices show now.</summary>
    public IReadOnlyList<string> Shown
    {
        get
        {
            lock (_gate)
                return [.. _histories.Values.Select(history => history[^1]).OfType<string>().Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>The device that shows this.</summary>
    public static string DeviceOf(string status) => status[..status.IndexOf('#', StringComparison.Ordinal)];

    /// <summary>Where in the history of a device it showed this first, behind a place; null: never.</summary>
    public int? Find(string device, int behind, string? status)
    {
        lock (_gate)
        {
            var at = _histories.TryGetValue(device, out var history) ? history.FindIndex(behind + 1, s => s == status) : -1;
            return at < 0 ? null : at;
        }
    }

    /// <summary>Whether a device showed nothing else between two places of its history.</summary>
    public bool IsNext(string device, int last, int next)
    {
        lock (_gate)
        {
            var history = Of(device);
            return history.Skip(last).Take(next - last).All(s => s == history[last]) || (history[next] is null && _ended.Contains(device));
        }
    }

    // Every device begins with nothing.
    private List<string?> Of(string device)
    {
        if (!_histories.TryGetValue(device, out var history))
            _histories.Add(device, history = [null]);
        return history;
    }
}
