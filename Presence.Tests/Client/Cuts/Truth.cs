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

    // Every device begins with nothing.
    private List<string?> Of(string device)
    {
        if (!_histories.TryGetValue(device, out var history))
            _histories.Add(device, history = [null]);
        return history;
    }
}
