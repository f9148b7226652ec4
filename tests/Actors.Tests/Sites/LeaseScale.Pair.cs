using MailCluster.Actors.Sites;

namespace MailCluster.Actors.Tests.Sites;

/// <content>A node that has mail for a site.</content>
internal sealed partial class LeaseScale
{
    private sealed class Pair
    {
        private readonly LeaseScale _world;
        private readonly Site _site;
        private readonly LeaseHolder _holder;
        private int _demand;
        private int _open;
        private bool _closing;
        private long _poll;
        private TimeSpan _counted;
        private TimeSpan? _waitsSince;
        private double _openSeconds;

        public Pair(LeaseScale world, Site site, int node)
        {
            (_world, _site, Node) = (world, site, node);
            _holder = new(site.Key, world._nodes[node], world._setting.Limit, world._numbers[node], world._holdings[node]);
        }

        public int Node { get; }

        public int Leased => _world._dead[Node] ? 0 : _holder.Allowed(_world.Moment);

        public void Begin()
        {
            if (_world._dead[Node]) return;
            Demand(_world._random.Next(1, _world._setting.Demand + 1));
        }

        public void BeginCounting()
        {
            Count();
            _openSeconds = 0;
            if (_waitsSince is not null) _waitsSince = _world._now;
        }

        /// <summary>An answer, or an offer.</summary>
        public void On(SiteProtocol.ISiteMessage message)
        {
            switch (message)
            {
                case SiteProtocol.Granted granted when _holder.On(granted):
                    _world._figures.Grants++;
                    _site.CheckLimit();
                    break;
                case SiteProtocol.Held held:
                    _holder.On(held, _world.Moment);
                    break;
                case SiteProtocol.Offered offered:
                    _holder.On(offered);
                    break;
            }

            Step();
        }

        public void End()
        {
            Count();
            EndWait();
            if (_world._setting.Bursts || _world._setting.NodeDies) return;
            var fair = FairShare() * _world._setting.Seconds;
            var share = _openSeconds / fair;
            var (least, greatest) = _world._figures.Share;
            _world._figures.Share = (Math.Min(least, share), Math.Max(greatest, share));
        }

        /// <summary>Max-min over the demands, with the last slots going round.</summary>
        private double FairShare()
        {
            double left = _world._setting.Limit;
            var demands = _site.Pairs.Select(pair => pair._demand).Order().ToList();
            for (var i = 0; i < demands.Count; i++)
            {
                var equal = left / (demands.Count - i);
                if (demands[i] > equal) return Math.Min(_demand, equal);
                if (demands[i] >= _demand) return _demand;
                left -= demands[i];
            }

            return _demand;
        }

        private void Demand(int demand)
        {
            if (_world._dead[Node])
            {
                return;
            }

            _site.Wants(demand - _demand);
            _demand = demand;
            if (_world._setting.Bursts)
            {
                _world.Later(TimeSpan.FromMilliseconds(_world._random.Next(500, 10_000)), () => Demand(_demand == 0 ? _world._random.Next(1, _world._setting.Demand + 1) : 0));
            }

            Step();
        }

        private void Step()
        {
            if (_world._dead[Node]) return;
            var may = Math.Min(_holder.Allowed(_world.Moment), _demand);
            Count();
            while (_open < may)
            {
                _open++;
                _holder.ConnectionSucceeded();
                _site.Opened(1);
            }

            if (_open > may && !_closing)
            {
                // What runs is finished: a transaction ends some time later.
                _closing = true;
                _world.Later(TimeSpan.FromMilliseconds(_world._random.Next(10, 200)), CloseOne);
            }

            if (_demand > 0 && _open == 0) _waitsSince ??= _world._now;
            else EndWait();

            if (_holder.Poll(_world.Moment, _open, _demand) is { } request) _world.Send(Node, _site.Owner, question: false, () => Arrive(request));
            if (_holder.NextEvent(_world.Moment, _open, _demand) is { } next)
            {
                var poll = ++_poll;
                _world.Later(next + TimeSpan.FromMilliseconds(1), () =>
                {
                    if (poll == _poll) Step();
                });
            }
        }

        private void Arrive(SiteProtocol.Request request)
        {
            if (!_world._dead[_site.Owner]) _site.On(request);
        }

        private void CloseOne()
        {
            _closing = false;
            Count();
            if (!_world._dead[Node] && _open > Math.Min(_holder.Allowed(_world.Moment), _demand))
            {
                _open--;
                _site.Opened(-1);
            }

            Step();
        }

        private void Count()
        {
            _openSeconds += _open * (_world._now - _counted).TotalSeconds;
            _counted = _world._now;
        }

        private void EndWait()
        {
            if (_waitsSince is { } since && _world.Counts && !_world._dead[Node] && _world._now - since > _world._figures.LongestWait) _world._figures.LongestWait = _world._now - since;
            _waitsSince = null;
        }
    }
}
