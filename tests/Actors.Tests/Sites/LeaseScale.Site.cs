using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Tests.Sites;

/// <content>A site: its actor, wherever it is, and the count of what is open to it.</content>
internal sealed partial class LeaseScale
{
    private sealed class Site(LeaseScale world, int number, int owner)
    {
        private readonly SiteKey _key = new($"mx{number}.example.org", SiteKey.DefaultSource);
        private readonly List<SiteEffect> _effects = [];
        private readonly Queue<TimeSpan> _freed = new();
        private SiteState? _state;
        private TimeSpan _tickAt = TimeSpan.MaxValue;
        private bool _moved;
        private int _open;
        private int _wanted;
        private TimeSpan _counted;

        public SiteKey Key => _key;

        public int Owner { get; private set; } = owner;

        public List<Pair> Pairs { get; } = [];

        /// <summary>A node has opened one more connection, or closed one.</summary>
        public void Opened(int by)
        {
            Count();
            _open += by;
            if (by < 0)
            {
                if (_wanted > _open) _freed.Enqueue(world._now);
            }
            else if (_freed.TryDequeue(out var at) && world.Counts)
            {
                world._figures.Reused(world._now - at);
            }
        }

        /// <summary>A node wants so many more or fewer.</summary>
        public void Wants(int by)
        {
            Count();
            _wanted += by;
            if (_wanted <= _open) _freed.Clear();       // nobody waits for what was freed
        }

        public void End()
        {
            Count();
            foreach (var pair in Pairs) pair.End();
        }

        public void MoveTo(int node)
        {
            (Owner, _state, _moved) = (node, null, true);
            _tickAt = TimeSpan.MaxValue;
        }

        public void On(SiteProtocol.Request request)
        {
            if (_state is null)
            {
                // In a settled cluster the node has hosted the shard throughout the grace time; after a move it has not.
                _state = new(_key, new(world.Moment.Wall.UtcTicks + ++world._incarnations, world._nodes[Owner].Incarnation), knows: !_moved, new(), world._view, world.Moment, _effects);
                CarryOut();
            }

            _state.On(request, world._view, world.Moment, _effects);
            CarryOut();
        }

        public void CheckLimit()
        {
            var leased = 0;
            foreach (var pair in Pairs) leased += pair.Leased;
            world._figures.MostLeased = Math.Max(world._figures.MostLeased, leased);
            if (leased > world._setting.Limit) throw new InvalidOperationException($"at {world._now}: {leased} leased of {world._setting.Limit} for {_key}");
        }

        private void Count()
        {
            var from = _counted > Settling ? _counted : Settling;
            if (world._now > from)
            {
                var seconds = (world._now - from).TotalSeconds;
                var possible = Math.Min(_wanted, world._setting.Limit);
                world._figures.Served(Math.Min(_open, possible) * seconds, possible * seconds);
            }

            _counted = world._now;
        }

        private void Tick(int at)
        {
            if (_state is null || at != Owner || world._dead[Owner] || _tickAt > world._now) return;
            _tickAt = TimeSpan.MaxValue;
            _state.OnTick(world._view, world.Moment, _effects);
            CarryOut();
        }

        private void CarryOut()
        {
            var owner = Owner;
            for (var i = 0; i < _effects.Count; i++)
            {
                switch (_effects[i])
                {
                    case SiteEffect.Tell tell:
                        var pair = Pairs.Find(each => world._nodes[each.Node] == tell.Node)!;
                        world.Send(owner, pair.Node, question: false, () => pair.On(tell.Message));
                        break;
                    case SiteEffect.Ask ask:
                        var asked = ask.Node.Incarnation - 1;
                        world.Send(owner, asked, question: true, () =>
                        {
                            var newest = world._holdings[asked].Tell(_key, ask.Message.Epoch, world.Moment, out var lease);
                            var holding = new SiteProtocol.Holding(_key, world._nodes[asked], newest, lease, world._view.GoneSince(world.Moment));
                            world.Send(asked, owner, question: true, () =>
                            {
                                if (owner != Owner || _state is null) return;
                                _state.On(holding, world._view, world.Moment, _effects);
                                CarryOut();
                            });
                        });
                        break;
                }
            }

            _effects.Clear();
            if (_state!.IsIdle(world.Moment))
            {
                _state = null;
                _tickAt = TimeSpan.MaxValue;
            }
            else if (world._now + _state.Next < _tickAt)
            {
                _tickAt = world._now + _state.Next;
                world.Later(_state.Next, () => Tick(owner));
            }
        }
    }
}
