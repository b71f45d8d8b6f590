using System.Globalization;
using CsCheck;
using Presence.Actors.Announcements;
using Presence.Actors.Messages;
using Presence.Actors.Model;
using Xunit;

namespace Presence.Tests.Announcements;

/// <summary>
/// Ledgers that tell each other over a network that loses, delays, repeats and reorders, while nodes come and die, and each hears of that
/// when it likes. In the end all who are left know the same: nothing that one of them knows is unknown to another.
/// </summary>
[Trait("Clause", "K1")]
[Trait("Clause", "K2")]
public sealed class LedgersUnderFaultsTests
{
    private static readonly AnnouncementSettings Settings = AnnouncementSettings.Default with { BatchBytes = 200 };

    [Fact]
    public void Whatever_goes_wrong_all_who_are_left_know_what_one_of_them_knows() =>
        Gen.Select(Gen.Int[0, 12], Gen.Int, Gen.Int).Array[1, 120].Sample(
            steps =>
            {
                var world = new World();
                foreach (var (what, one, other) in steps)
                    world.Step(what, (uint)one, (uint)other);
                world.Settle();
            },
            iter: 3000,
            print: steps => string.Join(' ', steps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Item1}:{(uint)s.Item2}:{(uint)s.Item3}"))));

    private sealed class World
    {
        private readonly SortedDictionary<int, Ledger> _alive = [];
        private readonly HashSet<int> _dead = [];
        private readonly List<(int From, int To, object Message)> _network = [];
        private TimeSpan _now;
        private int _next;

        public World()
        {
            for (var i = 0; i < 3; i++)
                Start();
        }

        public void Step(int what, uint one, uint other)
        {
            var (node, peer) = (Pick(_alive.Keys, one), Pick(_alive.Keys.Concat(_dead), other));
            switch (what)
            {
                case 0 when _alive.Count < 6:
                    Start();
                    break;
                case 1 when _alive.Count > 1:
                    _alive.Remove(node);
                    _dead.Add(node);
                    break;
                case 2 or 3:
                    Hears(node, peer);
                    break;
                case 4 or 5:
                    Change(node, l => l.Revoke(new TokensRevoked(
                        new UserId(new Guid((int)(other % 8), 0, 0, new byte[8])),
                        other % 3 == 0 ? null : "login",
                        other % 3 == 0 ? DateTimeOffset.UnixEpoch.AddSeconds(other / 8 % 4) : default,
                        DateTimeOffset.UnixEpoch.AddDays(1 + (other / 32 % 3)))));
                    break;
                case 6 when _network.Count > 0:
                    _network.RemoveAt((int)(other % _network.Count));
                    break;
                case 7 when _network.Count > 0:
                    _network.Add(_network[(int)(other % _network.Count)]);
                    break;
                case 8:
                    _now += Settings.RetryAfter;
                    Send(node);
                    break;
                default:
                    Send(node);
                    if (_network.Count > 0)
                        Deliver((int)(other % _network.Count));
                    break;
            }
        }

        /// <summary>Everybody hears of all births and deaths, nothing is lost any more, and all is told.</summary>
        public void Settle()
        {
            foreach (var node in _alive.Keys.ToList())
            {
                foreach (var peer in _alive.Keys.Concat(_dead).ToList())
                    Hears(node, peer);
            }

            const int enough = 100_000;
            for (var i = 0; i < enough; i++)
            {
                _now += Settings.RetryAtMost;
                foreach (var node in _alive.Keys.ToList())
                    Send(node);
                if (_network.Count == 0)
                    break;
                while (_network.Count > 0)
                    Deliver(0);
            }

            Assert.Empty(_network);
            var all = Facts(_alive.First().Value);
            Assert.All(_alive.Values, ledger => Assert.Equal(all, Facts(ledger)));
            foreach (var (node, ledger) in _alive)
                Assert.All(_alive.Keys.Where(k => k != node), peer => Assert.True(ledger.IsMember(peer) && ledger.HasToldAll(peer)));
        }

        private static HashSet<TokensRevoked> Facts(Ledger ledger) => [.. ledger.Kept.Values];

        private static int Pick(IEnumerable<int> nodes, uint which) => nodes.ElementAt((int)(which % nodes.Count()));

        private void Start() => _alive.Add(++_next, new Ledger(_next));

        // Whoever joins is told by those who know it, so nobody is removed before it was known, as in a cluster.
        private void Hears(int node, int peer)
        {
            if (node == peer)
                return;
            Change(node, l => _dead.Contains(peer) ? l.Remove(peer) : l.Join(peer));
        }

        private void Change(int node, Func<Ledger, Ledger> change) => _alive[node] = change(_alive[node]);

        private void Send(int node)
        {
            (_alive[node], var send) = _alive[node].Due(_now, Settings);
            _network.AddRange(send.Select(s => (node, s.Node, (object)s.Announcement)));
        }

        private void Deliver(int index)
        {
            var (from, to, message) = _network[index];
            _network.RemoveAt(index);
            if (!_alive.TryGetValue(to, out var ledger))
                return;
            if (message is AnnouncementAccepted accepted)
            {
                _alive[to] = ledger.Settle(accepted);
            }
            else if (message is Announcement announcement && ledger.IsMember(from))
            {
                _alive[to] = ledger.Hear(announcement);
                _network.Add((to, from, new AnnouncementAccepted(to, announcement.Number)));
            }
        }
    }
}
