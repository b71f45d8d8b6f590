using Presence.Actors.Messages;
using Presence.Actors.Model;

namespace Presence.Tests.Model.Faults;

/// <summary>
/// What is under way. Each pair of ends has an order of its own, in which changes overtake all else and are overtaken, unless the run is one without any order; messages are lost
/// when they are sent and repeated when they arrive. In some runs the changes that a home tells a relay become one while they wait.
/// </summary>
internal sealed class FaultyNetwork(Random random, Without without)
{
    private readonly List<Envelope> _underWay = [];
    private readonly double _repeat = random.NextDouble() < 0.5 ? 0 : 0.15;
    private readonly bool _hasOrder = random.NextDouble() < 0.7;
    private readonly bool _gathers = random.NextDouble() < 0.5;
    private double _loss = random.Next(4) switch { 0 or 1 => 0, 2 => 0.05, _ => 0.25 };
    private long _forged = long.MaxValue / 2;
    private bool _hasLost;

    /// <summary>One message on its way.</summary>
    /// <param name="From">The sender.</param>
    /// <param name="To">The relay it goes to; null: the home, wherever it is when the message comes.</param>
    /// <param name="Message">The message.</param>
    public readonly record struct Envelope(object From, RelayId? To, IClusterMessage Message);

    public int Count => _underWay.Count;

    /// <summary>Whether nothing is lost on the way to relays, and all has its order.</summary>
    public bool IsReliable => _hasOrder && !_hasLost;

    public void Send(object from, RelayId? to, IClusterMessage message)
    {
        if (random.NextDouble() < _loss || Sabotaged(message) is not { } sent)
        {
            _hasLost |= to is not null;
            return;
        }

        if (_gathers && sent is PresenceChanged later
            && _underWay.FindIndex(e => e.From == from && e.To == to && e.Message is PresenceChanged) is var at and >= 0)
            _underWay[at] = _underWay[at] with { Message = ((PresenceChanged)_underWay[at].Message).Then(later) };
        else
            _underWay.Add(new Envelope(from, to, sent));
    }

    public Envelope Next()
    {
        var at = random.Next(_underWay.Count);
        if (_hasOrder)
        {
            var any = _underWay[at];
            at = _underWay.FindIndex(e => e.From == any.From && e.To == any.To && e.Message is PresenceChanged == any.Message is PresenceChanged);
        }

        var envelope = _underWay[at];
        _underWay.RemoveAt(at);
        if (random.NextDouble() < _repeat && _loss >= 0)
            _underWay.Add(envelope);
        return envelope;
    }

    /// <summary>Half of what is under way to the home is lost with its node.</summary>
    public void LoseSomeToHome() => _underWay.RemoveAll(e => e.To is null && random.Next(2) == 0);

    /// <summary>From now on nothing is lost or repeated.</summary>
    public void Heal() => _loss = -1;

    // Breaks a rule of the protocol on the way; null: the message does not arrive.
    private IClusterMessage? Sabotaged(IClusterMessage message) => (without, message) switch
    {
        (Without.Ask, AskReport) => null,
        (Without.Digest, NodeReport report) => report with { Digest = [] },
        (Without.Merge, PresenceChanged change) => change with { Pages = [.. change.Pages.Select(Forged)] },
        (Without.Merge, ReportAccepted accepted) => accepted with { Newer = [.. accepted.Newer.Select(Forged)] },

        // Or else a home would ask for versions that never were, and hear the truth.
        (Without.Merge, NodeReport report) => report with { Digest = [] },
        _ => message,
    };

    private BookPage Forged(BookPage page) =>
        page.Page.IsRetired ? page : page with { Page = page.Page with { Version = ++_forged } };

    private BookUpdate Forged(BookUpdate update) =>
        update.Page is Page page ? Forged(new BookPage(update.Relay, page)) : update;
}
