using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Actors.Wire;

namespace MailCluster.Actors.Tests.Sites;

/// <content>One node: the real parts, wired as their actors wire them.</content>
internal sealed partial class LeaseSimulation
{
    public sealed class SimulatedNode
    {
        private readonly LeaseSimulation _world;
        private readonly LeaseHoldings _holdings = new();
        private readonly LeaseHolder _holder;
        private readonly Fence _fence;
        private readonly ShardTenure _tenure = new();
        private readonly List<SiteEffect> _effects = [];
        private readonly Dictionary<NodeId, SimulatedNode> _peers = [];
        private readonly double _rate;
        private readonly TimeSpan _started;
        private ImmutableHashSet<NodeId> _members = [];
        private ImmutableHashSet<NodeId> _joining = [];
        private ImmutableDictionary<NodeId, Moment> _gone = ImmutableDictionary<NodeId, Moment>.Empty;
        private readonly Dictionary<NodeId, Moment> _heard = [];
        private TimeSpan _suspended;
        private TimeSpan _wallSet;
        private TimeSpan? _suspendedAt;
        private SiteState? _site;
        private TimeSpan _siteTickAt;
        private int _shard;
        private int _open;

        public SimulatedNode(LeaseSimulation world, int number, int limit)
        {
            _world = world;
            Id = new NodeId($"node{number}:4053", number);
            _fence = new Fence(Id);
            _holder = new LeaseHolder(Site, Id, limit, new RequestNumbers(), _holdings);
            Limit = limit;
            Demand = world._random.Next(0, 15);
            _rate = 0.999 + (world._random.NextDouble() * 0.002);
            _started = TimeSpan.FromSeconds(world._random.Next(0, 100_000));
            _setsClock = world._random.Next(2) == 0;
        }

        private readonly bool _setsClock;

        public NodeId Id { get; }

        public int Limit { get; }

        public int Demand { get; set; }

        public int Open => _open;

        public bool IsDead { get; set; }

        public bool IsRemoved { get; set; }

        public TimeSpan UpAt { get; init; } = TimeSpan.MinValue;

        public TimeSpan PausedUntil { get; private set; } = TimeSpan.MinValue;

        public TimeSpan? UnreachableSince { get; set; }

        public SimulatedNode KnownOwner { get; set; } = null!;

        /// <summary>The right it has at this moment.</summary>
        public int Leased => _holder.Allowed(Instant);

        public bool Grants => _site is not null;

        private Moment Moment
        {
            get
            {
                var monotonic = _world._now * _rate - _suspended - (_suspendedAt is { } at ? _world._now - at : TimeSpan.Zero);
                return new(_started + monotonic, DateTimeOffset.UnixEpoch + _world._now + _wallSet);
            }
        }

        private Moment Instant => new(Moment.Monotonic, Moment.Wall);

        private Membership.View View => new(_members, _joining, _gone, _members.Contains(Id) ? _fence.CurrentUntil : Actors.Sites.Moment.Never) { Heard = _heard };

        public override string ToString() =>
            $"{Id}: demand {Demand}, open {_open}, leased {Leased}, last told {_holder.Held?.ToString() ?? "a lease"}, asks {KnownOwner.Id}, members {string.Join(' ', _members.Select(id => id.Incarnation))}"
            + $"{(View.IsCurrent(Moment) ? "" : ", not current")}{(_site is null ? "" : _site.IsLearning ? ", learning" : _site.IsOpen ? ", broken" : ", granting")}";

        public void Pause(TimeSpan length) => PausedUntil = _world._now + length;

        /// <summary>As a pause, but the monotonic clock stands still.</summary>
        public void Suspend(TimeSpan length)
        {
            if (_setsClock || _suspendedAt is not null)
            {
                return;     // Both clocks wrong at once is more than any protocol can take.
            }

            Pause(length);
            _suspendedAt = _world._now;
            _world.Later(length, () =>
            {
                _suspended += length;
                _suspendedAt = null;
            });
        }

        public void SetClock(TimeSpan by) => _wallSet += _setsClock ? by : by.Duration();

        public void Join(IEnumerable<SimulatedNode> members)
        {
            foreach (var member in members)
            {
                Add(member);
            }
        }

        public void Add(SimulatedNode member)
        {
            if (!member.IsRemoved)
            {
                _peers[member.Id] = member;
                _members = _members.Add(member.Id);
                _fence.Know(_members);
            }
        }

        /// <summary>Seen joining, not yet up.</summary>
        public void AddJoining(SimulatedNode member)
        {
            _joining = _joining.Add(member.Id);
            Add(member);
        }

        public void SeeUp(SimulatedNode member) => _joining = _joining.Remove(member.Id);

        public void Remove(SimulatedNode member)
        {
            if (_members.Contains(member.Id))
            {
                _members = _members.Remove(member.Id);
                _gone = _gone.SetItem(member.Id, Moment);
                _fence.Know(_members);
            }
        }

        public void PingOthers()
        {
            var number = _fence.Sent(Moment);
            foreach (var other in _fence.Others.Select(id => _peers[id]))
            {
                _world.Send(this, other, to =>
                {
                    to._heard[Id] = to.Moment;
                    if (to._members.Contains(Id))
                    {
                        _world.Send(to, this, back => back._fence.Answered(to.Id, number));
                    }
                });
            }
        }

        public void Step()
        {
            UseLease();
            if (_holder.Poll(Instant, _open, Demand) is { } request)
            {
                _world.Send(this, KnownOwner, owner => owner.OnRequest(this, request));
            }

            if (_site is not null && _world._now >= _siteTickAt)
            {
                _siteTickAt = TimeSpan.MaxValue;
                _site.OnTick(View, Moment, _effects);
                CarryOut();
                if (_site is not null && _site.IsIdle(Moment))
                {
                    _site = null;
                }
            }
        }

        /// <summary>Opens what is allowed and wanted; what is no longer allowed closes as its transaction ends.</summary>
        private void UseLease()
        {
            var may = Math.Min(Leased, Demand);
            while (_open < may)
            {
                _open++;
                if (_world._calm || _world._random.Next(10) > 0)
                {
                    _holder.ConnectionSucceeded();
                }
                else
                {
                    _holder.ConnectionFailed();
                    _open--;
                    break;
                }
            }

            while (_open > may && _world._random.Next(2) == 0)
            {
                _open--;
            }
        }

        private void OnRequest(SimulatedNode from, SiteProtocol.Request request)
        {
            if (KnownOwner != this)
            {
                return;
            }

            if (_site is null)
            {
                _siteTickAt = TimeSpan.MaxValue;
                var knows = _tenure.Knows("1", _shard, Moment);
                _world.Trace?.Invoke($"{_world._now} {Id} starts an actor that {(knows ? "knows" : "asks")}");
                _site = new SiteState(Site, new Epoch(Moment.Wall.UtcTicks, Id.Incarnation), knows, new SiteOptions(), View, Moment, _effects);
                CarryOut();
            }

            _heard[from.Id] = Moment;
            _peers.TryAdd(from.Id, from);
            _world.Trace?.Invoke($"{_world._now} {request}");
            _site.On(request, View, Moment, _effects);
            CarryOut();
        }

        private void OnHolding(SiteProtocol.Holding holding)
        {
            _world.Trace?.Invoke($"{_world._now} at {Id}: {holding}");
            _site?.On(holding, View, Moment, _effects);
            CarryOut();
        }

        private void CarryOut()
        {
            for (var i = 0; i < _effects.Count; i++)
            {
                switch (_effects[i])
                {
                    case SiteEffect.Tell { Message: var message, Node: var id }:
                        if (message is SiteProtocol.Granted)
                        {
                            _world.Granted(_site!.LimitInForce);
                        }

                        _world.Trace?.Invoke($"{_world._now} to {id}: {message}");
                        _world.Send(this, _peers[id], to => to.OnAnswer(message));
                        break;
                    case SiteEffect.Ask ask when ask.Node == Id:
                        _site!.On(Tell(ask.Message), View, Moment, _effects);
                        break;
                    case SiteEffect.Ask { Message: var asked, Node: var id }:
                        _world.Send(this, _peers[id], to =>
                        {
                            var told = to.Tell(asked);
                            _world.Send(to, this, back => back.OnHolding(told));
                        });
                        break;
                }
            }

            _effects.Clear();
            if (_site is not null && _world._now + _site.Next < _siteTickAt)
            {
                _siteTickAt = _world._now + _site.Next;
            }
        }

        private SiteProtocol.Holding Tell(SiteProtocol.WhatIsHeld asked)
        {
            var newest = _holdings.Tell(Site, asked.Epoch, Moment, out var lease);
            return new(Site, Id, newest, lease, View.GoneSince(Moment));
        }

        private void OnAnswer(SiteProtocol.ISiteMessage answer)
        {
            switch (answer)
            {
                case SiteProtocol.Granted granted:
                    _holder.On(granted);
                    break;
                case SiteProtocol.Held held:
                    _holder.On(held, Instant);
                    break;
                case SiteProtocol.Offered offered:
                    _holder.On(offered);
                    break;
            }
        }

        public void StopSite()
        {
            CrashSite();
            _shard++;       // The shard's next actor here is another one.
        }

        public void CrashSite()
        {
            if (_site is not null && _site.HasLeases(Moment))
            {
                _tenure.Interrupted("1", _shard, Moment);
            }

            _site = null;
        }
    }
}
