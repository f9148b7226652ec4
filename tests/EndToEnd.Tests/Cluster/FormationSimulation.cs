using System.Collections.Immutable;
using MailCluster.Actors.Sites;
using MailCluster.Node.Cluster;

namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>
/// Several nodes under virtual time, each with a real <see cref="BootstrapState"/>, on a network that loses, delays and parts, and with processes that are killed, paused and started again. What Akka does
/// after the join is a model: members gossip, are up when enough have joined and all reach each other, find each other unreachable after 5 s, and after 5 s more the side without a majority downs itself.
/// </summary>
internal sealed class FormationSimulation
{
    private const double Tick = 0.25;
    private const double Unreachable = 5;
    private const double Stable = 5;

    private readonly Random _random;
    private readonly Founders _founders;
    private readonly List<SimulatedNode> _nodes;
    private readonly PriorityQueue<Action, double> _events = new();
    private readonly HashSet<(string From, string To)> _cut = [];
    private double _lossRate;
    private double _time;

    /// <summary>Founders and nodes added later, all started within a few seconds.</summary>
    public FormationSimulation(int seed, int founders, int added)
    {
        _random = new(seed);
        var names = Enumerable.Range(0, founders + added).Select(i => $"{(char)('a' + i)}:1").ToArray();
        _founders = new([.. names.Take(founders)]);
        _nodes = [.. names.Select(name => new SimulatedNode(name))];
        foreach (var node in _nodes) After(_random.NextDouble() * 8, () => Start(node));
    }

    /// <summary>Clusters that took mail at the same time, if there ever were two; else null.</summary>
    public string? Violation { get; private set; }

    /// <summary>How often a process ended by itself to start again.</summary>
    public int Rejoins { get; private set; }

    /// <summary>How often a cluster was formed.</summary>
    public int Foundings { get; private set; }

    /// <summary>True where all nodes take mail in one cluster.</summary>
    public bool IsWhole => _nodes.TrueForAll(node => node.Serves(_time)) && _nodes.Select(node => node.Cluster).Distinct().Count() == 1;

    /// <summary>What each node is about.</summary>
    public string Standings => string.Join("; ", _nodes.Select(node => $"{node.Name} {(node.IsAlive ? $"{node.State!.Standing} {node.Doing} [{string.Join(' ', node.View.Keys.Select(member => $"{member.Name[0]}{member.Incarnation}"))}]" : "dead")}"));

    /// <summary>Misfortune for so long: nodes are killed, paused and parted at random.</summary>
    public void Trouble(double seconds)
    {
        var end = _time + seconds;
        while (_time < end && Violation is null)
        {
            Misfortune();
            Run(1 + (_random.NextDouble() * 25));
        }
    }

    /// <summary>Everything is mended, and whoever is down is started.</summary>
    public void Mend()
    {
        _cut.Clear();
        _lossRate = 0;
        foreach (var node in _nodes.Where(node => !node.IsAlive)) After(_random.NextDouble() * 5, () => Start(node));
    }

    /// <summary>Lets time pass.</summary>
    public void Run(double seconds)
    {
        var end = _time + seconds;
        while (_time < end && Violation is null)
        {
            _time += Tick;
            while (_events.TryPeek(out _, out var at) && at <= _time) _events.Dequeue()();
            foreach (var node in _nodes.Where(node => node.IsAlive && node.PausedUntil <= _time)) Step(node);
            var serving = _nodes.Where(node => node.Serves(_time)).ToList();
            if (serving.Select(node => node.Cluster).Distinct().Count() > 1) Violation = $"at {_time}: {string.Join(", ", serving.Select(node => $"{node.Name} in {node.Cluster}"))}";
        }
    }

    private Moment Now => new(TimeSpan.FromSeconds(1e6 + _time), DateTimeOffset.UnixEpoch.AddDays(20000).AddSeconds(_time));

    private void After(double delay, Action action) => _events.Enqueue(action, _time + delay);

    private bool Passes(string from, string to) => !_cut.Contains((from, to)) && _random.NextDouble() >= _lossRate;

    private bool Connected(SimulatedNode one, SimulatedNode other) => one.IsAlive && other.IsAlive && one.PausedUntil <= _time && other.PausedUntil <= _time
        && !_cut.Contains((one.Name, other.Name)) && !_cut.Contains((other.Name, one.Name));

    private void Misfortune()
    {
        var victim = _nodes[_random.Next(_nodes.Count)];
        switch (_random.Next(9))
        {
            case 0:
                Kill(victim, 0.5 + (_random.NextDouble() * 5));
                break;
            case 1:
                Kill(victim, 30 + (_random.NextDouble() * 100));
                break;
            case 2:
                foreach (var node in _nodes) Kill(node, 0.5 + (_random.NextDouble() * 6));
                break;
            case 3:
                victim.PausedUntil = _time + 2 + (_random.NextDouble() * 30);
                break;
            case 4:
            case 5:
                Part();
                break;
            case 6:
                var other = _nodes[_random.Next(_nodes.Count)];
                _cut.Add((victim.Name, other.Name));
                if (_random.Next(2) == 0) _cut.Add((other.Name, victim.Name));
                break;
            case 7:
                _lossRate = _random.NextDouble() * 0.5;
                break;
            default:
                _cut.Clear();
                _lossRate = 0;
                break;
        }
    }

    private void Part()
    {
        _cut.Clear();
        var side = _nodes.ToDictionary(node => node.Name, _ => _random.Next(2));
        foreach (var one in _nodes)
        {
            foreach (var other in _nodes.Where(other => side[other.Name] != side[one.Name])) _cut.Add((one.Name, other.Name));
        }
    }

    private void Kill(SimulatedNode node, double downFor)
    {
        if (!node.IsAlive) return;
        node.Die();
        After(downFor, () => Start(node));
    }

    private void Start(SimulatedNode node)
    {
        if (node.IsAlive) return;
        node.Begin(_founders, Now, _time);
    }

    /// <summary>What a supervisor makes of exit code 75.</summary>
    private void Rejoin(SimulatedNode node)
    {
        Rejoins++;
        Kill(node, 1 + (_random.NextDouble() * 5));
    }

    private void Step(SimulatedNode node)
    {
        if (node.State!.Standing is BootstrapStanding.Seeking or BootstrapStanding.Joining)
        {
            foreach (var peer in node.State.Peers.ToList()) Ask(node, _nodes.Find(other => other.Name == peer));
            Carry(node, node.State.Decide(Now));
            if (!node.IsAlive || node.State.Standing == BootstrapStanding.Seeking) return;
        }

        Gossip(node);
        Watch(node);
    }

    private void Ask(SimulatedNode asker, SimulatedNode? asked)
    {
        if (asked is null || asker.AskedUntil.GetValueOrDefault(asked.Name) > _time) return;
        var (sent, incarnation, there, back) = (Now, asker.Id.Incarnation, _random.NextDouble() * 0.9, _random.NextDouble() * 0.9);
        asker.AskedUntil[asked.Name] = _time + 2;
        if (!Passes(asker.Name, asked.Name)) return;
        After(there, () =>
        {
            if (!asked.IsAlive || asked.PausedUntil > _time || !Passes(asked.Name, asker.Name)) return;
            var answer = asked.State!.Answer(asker.Name, Now);
            After(back, () =>
            {
                if (!asker.IsAlive || asker.Id.Incarnation != incarnation) return;
                asker.AskedUntil[asked.Name] = _time;
                asker.State!.Heard(answer, sent);
            });
        });
    }

    private void Carry(SimulatedNode node, BootstrapDecision decision)
    {
        switch (decision)
        {
            case BootstrapDecision.Wait wait:
                node.Doing = wait.Reason;
                break;
            case BootstrapDecision.GiveUp:
                Rejoin(node);
                break;
            case BootstrapDecision.Found found:
                Foundings++;
                node.Doing = "founds";
                node.Remember([.. found.Voters.Select(voter => voter.Name)], Now);
                (node.Cluster, node.GivesUpAt) = ($"{node.Name}#{node.Id.Incarnation}", _time + 20);
                node.View[node.Id] = false;
                break;
            case BootstrapDecision.Join join:
                node.Doing = $"joins {string.Join(' ', join.Targets)}";
                node.Remember(join.Members, Now);
                (node.Targets, node.GivesUpAt) = (join.Targets, _time + 30);
                break;
        }
    }

    /// <summary>Joins through any target that is in a cluster, and takes over what members in reach know.</summary>
    private void Gossip(SimulatedNode node)
    {
        if (node.Cluster is null)
        {
            var target = _nodes.Find(other => node.Targets.Contains(other.Name) && Connected(node, other) && other.Cluster is not null);
            if (target is null) return;

            // A new incarnation takes the place of the old one.
            foreach (var old in target.View.Keys.Where(member => member.Name == node.Name).ToList()) target.Remove(old);
            target.View[node.Id] = false;
            node.Cluster = target.Cluster;
        }

        foreach (var other in _nodes.Where(other => other != node && other.Cluster == node.Cluster && Connected(node, other)))
        {
            foreach (var gone in other.Gone) node.Remove(gone);
            foreach (var (member, up) in other.View.Where(entry => !node.Gone.Contains(entry.Key))) node.View[member] = node.View.GetValueOrDefault(member) || up;
        }
    }

    private void Watch(SimulatedNode node)
    {
        if (node.Gone.Contains(node.Id) || (!node.IsUp && _time > node.GivesUpAt))
        {
            Rejoin(node);
            return;
        }

        if (node.Cluster is null) return;
        var reached = node.View.Keys.Where(member => _nodes.Find(other => other.Name == member.Name) is { } other && other.Id == member && (other == node || (Connected(node, other) && other.Cluster == node.Cluster))).ToList();
        foreach (var member in reached) node.LastReached[member] = _time;
        if (reached.Count * 2 > node.View.Count) node.CurrentUntil = _time + LeaseTiming.Fence.TotalSeconds;
        var silent = node.View.Keys.Where(member => _time - node.LastReached.GetValueOrDefault(member, node.StartedAt) > Unreachable).ToHashSet();
        if (!node.Silent.SetEquals(silent)) (node.Silent, node.SilentSince) = (silent, _time);
        if (silent.Count == 0 && reached.Count == node.View.Count && node.View.Count >= _founders.Majority && node.View.ContainsKey(node.Id))
        {
            foreach (var member in reached) node.View[member] = true;
        }

        if (node.IsUp && silent.Count > 0 && _time - node.SilentSince >= Stable) Resolve(node, silent);
        if (!node.IsAlive || !node.IsUp) return;
        var up = node.View.Where(entry => entry.Value).Select(entry => entry.Key.Name).Order(StringComparer.Ordinal).ToImmutableArray();
        node.Remember(up, Now);
        (node.IsReady, node.Doing) = _time - node.CurrentUntil < 2 ? (true, "serves") : (false, "cut off");
        node.State!.Stand(node.IsReady ? BootstrapStanding.Member : BootstrapStanding.CutOff, up);
    }

    /// <summary>
    /// keep-majority, among members that are up; with as many on both sides the one with the lowest goes on; and nobody where it would be otherwise with those that join. A node that does not reach a member which others reach that it reaches, is downed, too: as
    /// with Akka, parts that overlap never both go on.
    /// </summary>
    private void Resolve(SimulatedNode node, HashSet<Voter> silent)
    {
        var others = node.View.Keys.Where(member => !silent.Contains(member)).Select(member => _nodes.Find(other => other.Id == member)).OfType<SimulatedNode>().ToList();
        var isBetween = others.Exists(other => other != node && silent.Any(member => _nodes.Find(far => far.Id == member) is { } far && Connected(other, far)));
        if (!isBetween && GoesOn(node.View.Where(entry => entry.Value).Select(entry => entry.Key), silent) && GoesOn(node.View.Keys, silent))
        {
            foreach (var member in silent) node.Remove(member);
        }
        else
        {
            Rejoin(node);
        }
    }

    private static bool GoesOn(IEnumerable<Voter> members, HashSet<Voter> silent)
    {
        var all = members.OrderBy(member => member.Name, StringComparer.Ordinal).ToList();
        var there = all.Count(silent.Contains);
        return there * 2 < all.Count || (there * 2 == all.Count && !silent.Contains(all[0]));
    }
}
