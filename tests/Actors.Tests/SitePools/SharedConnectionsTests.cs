using System.Globalization;
using MailCluster.Actors.Outbound;
using MailCluster.Actors.Queue;
using MailCluster.Actors.Sites;
using MailCluster.Protocol.Addressing;
using static MailCluster.Actors.Tests.Queue.MailForTests;

namespace MailCluster.Actors.Tests.SitePools;

/// <summary>Many pools that share the connections of a node.</summary>
public sealed class SharedConnectionsTests
{
    private static readonly DeliveryOptions Options = new() { Connections = 4, ConnectionsPerSite = 10, IdleTimeout = TimeSpan.FromHours(1) };
    private readonly ConnectionBudget _budget = new(Options.Connections);
    private readonly Queue<SitePoolProtocol.IForPool> _news = new();
    private readonly Dictionary<SiteKey, Pool> _pools = [];

    public SharedConnectionsTests() => _budget.Listener = _news.Enqueue;

    [Fact]
    public void A_node_opens_no_more_than_its_connections_and_every_site_has_its_mail_sent()
    {
        var pools = Enumerable.Range(0, 50).Select(i => new Pool(this, i, 3)).ToList();
        RunUntilNothingHappens();
        Assert.All(pools, pool => Assert.Equal(3, pool.Served));
        Assert.Equal(4, pools[0].World.Most);
        Assert.InRange(_budget.Free, 0, 4);
    }

    [Fact]
    public void A_busy_site_makes_room_for_another_after_the_message_that_runs()
    {
        var busy = new Pool(this, 1, 200);
        RunOnce();
        RunOnce();
        Assert.Equal(4, busy.Open);
        var other = new Pool(this, 2, 1);
        for (var i = 0; i < 12 && other.Served == 0; i++)
        {
            RunOnce();
        }
        Assert.Equal(1, other.Served);
        Assert.InRange(busy.Served, 1, 100);
    }

    private int Most { get; set; }

    private void RunUntilNothingHappens()
    {
        for (var i = 0; i < 10_000 && RunOnce(); i++)
        {
        }
    }

    /// <summary>Every connection takes a step. False where none could.</summary>
    private bool RunOnce()
    {
        var happened = false;
        foreach (var pool in _pools.Values.ToList())
        {
            happened |= pool.Step();
            while (_news.TryDequeue(out var news))
            {
                _pools[news.Site].Hear(news);
            }
            Most = Math.Max(Most, _pools.Values.Sum(p => p.Open));
        }
        return happened;
    }

    /// <summary>A pool with a queue that has all its jobs at once, a site that grants all, and a next hop that takes all.</summary>
    private sealed class Pool
    {
        private readonly SiteKey _site;
        private readonly DomainName _domain;
        private readonly SitePoolState _state;
        private readonly SitePoolEffects _effects = new();
        private readonly HashSet<int> _connections = [];
        private readonly Queue<Action> _steps = new();
        private readonly Moment _now = new(TimeSpan.FromDays(1), Start);

        public Pool(SharedConnectionsTests world, int number, int jobs)
        {
            World = world;
            _site = new(string.Create(CultureInfo.InvariantCulture, $"route:host-{number}:25"), SiteKey.DefaultSource);
            _domain = new(string.Create(CultureInfo.InvariantCulture, $"d{number}.example"));
            _state = new(_site, new("node:4053", 1), Options, new(), new(), world._budget, new());
            world._pools.Add(_site, this);
            var made = Enumerable.Range(0, jobs).Select(i => new DeliveryJob(new(i), _domain, Start, 1000)).ToArray();
            _state.On(new SitePoolProtocol.Ready(_site, _domain, made, 0, To(_site), 0, 1), 0, _now, _effects);
            CarryOut();
        }

        public SharedConnectionsTests World { get; }

        public int Served { get; private set; }

        public int Open => _connections.Count;

        public void Hear(SitePoolProtocol.IForPool news)
        {
            if (news is SitePoolProtocol.Room)
            {
                _state.Room(_now, _effects);
            }
            else
            {
                _state.MakeRoom(_now, _effects);
            }
            CarryOut();
        }

        public bool Step()
        {
            var steps = _steps.Count;
            for (var i = steps; i > 0; i--)
            {
                _steps.Dequeue()();
                CarryOut();
            }
            return steps > 0;
        }

        private void CarryOut()
        {
            foreach (var request in _effects.Requests)
            {
                _steps.Enqueue(() => _state.On(new SiteProtocol.Granted(_site, request.Number, new(1, 1), request.Demand, TimeSpan.FromSeconds(15)), _now, _effects));
            }
            foreach (var (number, _) in _effects.Open)
            {
                _connections.Add(number);
                _steps.Enqueue(() => _state.Idle(number, SitePoolProtocol.OutboundState.Connected, _now, _effects));
            }
            foreach (var (number, job) in _effects.Deliver)
            {
                _steps.Enqueue(() =>
                {
                    Served++;
                    _state.AttemptEnded(number, new(job, null, [Accepted(0)], null), _now, _effects);
                    _steps.Enqueue(() => _state.Idle(number, SitePoolProtocol.OutboundState.Served, _now, _effects));
                });
            }
            foreach (var number in _effects.Close)
            {
                _steps.Enqueue(() => _steps.Enqueue(() => _steps.Enqueue(() =>
                {
                    _connections.Remove(number);
                    _state.Closed(number, null, _now, _effects);
                })));
            }
            _effects.Clear();
        }
    }
}
