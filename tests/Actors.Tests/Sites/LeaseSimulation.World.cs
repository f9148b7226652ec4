namespace MailCluster.Actors.Tests.Sites;

/// <content>What happens to the cluster, and what the cluster's own machinery does about it.</content>
internal sealed partial class LeaseSimulation
{
    private bool IsReachable(SimulatedNode node) => !node.IsDead && _now >= node.PausedUntil && node != _cutOff;

    /// <summary>As failure detector, downing and shard coordinator: what has been out of reach for ten seconds is removed, its shard moves, and a new node takes its place.</summary>
    private void Controller()
    {
        foreach (var node in _nodes.ToList())
        {
            if (IsReachable(node))
            {
                node.UnreachableSince = null;
            }
            else
            {
                node.UnreachableSince ??= _now;
            }

            if (node.IsRemoved || node.UnreachableSince is not { } since || _now - since < TimeSpan.FromSeconds(10) || _nodes.Count(other => other != node && !other.IsRemoved && IsReachable(other)) < 2)
            {
                continue;
            }

            node.IsRemoved = true;
            Trace?.Invoke($"{_now} {node.Id} is removed");
            foreach (var other in _nodes.Where(other => other != node && !other.IsDead && !other.IsRemoved))
            {
                Later(TimeSpan.FromMilliseconds(_random.Next(0, 500)), () => other.Remove(node));
            }

            if (node == _owner)
            {
                Later(TimeSpan.FromSeconds(1), () => MoveTo(AnyLiving()));
            }

            // A node that was removed finds out some seconds after it wakes or is connected again, and ends.
            EndWhenAwake(node);
            Later(TimeSpan.FromSeconds(_random.Next(2, 30)), Replace);
        }

        Later(TimeSpan.FromMilliseconds(500), Controller);
    }

    private void EndWhenAwake(SimulatedNode node) => Later(TimeSpan.FromSeconds(_random.Next(3, 9)), () =>
    {
        if (node.IsDead)
        {
            return;
        }

        if (IsReachable(node) || _calm)
        {
            node.IsDead = true;
        }
        else
        {
            EndWhenAwake(node);
        }
    });

    private void Replace()
    {
        var limit = _limitChanges && !_calm ? _limit = Math.Clamp(_limit + _random.Next(-4, 5), 1, 12) : _limit;
        var fresh = new SimulatedNode(this, ++_made, limit) { KnownOwner = _owner, UpAt = _now + TimeSpan.FromSeconds(2) };
        _nodes.RemoveAll(node => node is { IsDead: true, IsRemoved: true });
        var members = _nodes.Where(node => !node.IsRemoved && !node.IsDead).ToList();
        _nodes.Add(fresh);
        fresh.Join([.. members, fresh]);
        fresh.AddJoining(fresh);
        // All see it join before anyone sees it up.
        foreach (var other in members)
        {
            Later(TimeSpan.FromMilliseconds(_random.Next(0, 1000)), () => other.AddJoining(fresh));
        }

        foreach (var other in (SimulatedNode[])[.. members, fresh])
        {
            Later(TimeSpan.FromMilliseconds(_random.Next(1000, 2000)), () => other.SeeUp(fresh));
        }

        Every(fresh, () => TimeSpan.FromMilliseconds(_random.Next(100, 400)), fresh.Step);
        Every(fresh, () => TimeSpan.FromSeconds(1), fresh.PingOthers);
    }

    private SimulatedNode AnyLiving()
    {
        // Shards go to nodes that are up alone.
        var living = _nodes.Where(node => !node.IsRemoved && !node.IsDead && _now >= node.UpAt).ToList();
        // All that are left may have joined a moment ago.
        return living.Count > 0 ? living[_random.Next(living.Count)] : _nodes.Find(node => !node.IsRemoved && !node.IsDead) ?? _nodes[^1];
    }

    private void MoveTo(SimulatedNode owner)
    {
        if (owner.IsDead || owner.IsRemoved)
        {
            owner = AnyLiving();
        }

        _owner = owner;
        owner.KnownOwner = owner;
        foreach (var node in _nodes.Where(node => node != owner && !node.IsRemoved))
        {
            Later(TimeSpan.FromMilliseconds(_random.Next(0, 1000)), () => node.KnownOwner = _owner);
        }
    }

    private void Trouble()
    {
        if (_calm)
        {
            return;
        }

        var node = AnyLiving();
        var trouble = _random.Next(8);
        Trace?.Invoke($"{_now} trouble {trouble} for {node}");
        switch (trouble)
        {
            case 0 when _nodes.Count(each => !each.IsRemoved && IsReachable(each)) > 2:
                node.IsDead = true;
                break;
            case 1:
                node.Pause(TimeSpan.FromMilliseconds(_random.Next(500, 30_000)));
                break;
            case 2:
                node.Suspend(TimeSpan.FromMilliseconds(_random.Next(500, 30_000)));
                break;
            case 3:
                node.SetClock(TimeSpan.FromSeconds(_random.Next(-3600, 3600)));
                break;
            case 4 when _cutOff is null:
                _cutOff = node;
                Later(TimeSpan.FromMilliseconds(_random.Next(500, 40_000)), () => _cutOff = null);
                break;
            case 5 when _owner is { IsDead: false, IsRemoved: false } && IsReachable(_owner):
                // Handing over: the old actor has stopped before the new one can start.
                _owner.StopSite();
                _owner.KnownOwner = node;
                MoveTo(node);
                break;
            case 6:
                _owner.CrashSite();
                break;
            default:
                node.Demand = _random.Next(0, 15);
                break;
        }

        Later(TimeSpan.FromMilliseconds(_random.Next(200, 15_000)), Trouble);
    }
}
